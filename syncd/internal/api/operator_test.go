package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// operate asks the operator's API.
func (w *world) operate(method, path string, body any) reply {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.operator.ServeHTTP(rec, r)
	return reply{t: w.t, status: rec.Code, body: rec.Body.String(), header: rec.Header()}
}

func TestTheOperatorMayDoEverything(t *testing.T) {
	var founded []id.Document
	w := newWorld(t, func(c *api.Config) {
		c.Found = func(_ context.Context, b registry.Board, from *id.Document) error {
			founded = append(founded, b.ID)
			if from != nil {
				founded = append(founded, *from)
			}
			return errors.New("no disk")
		}
	})
	var setup api.NewInvite
	w.operate("POST", "/v1/setup", nil).into(&setup)
	w.device().join(setup.Code)
	w.operate("POST", "/v1/setup", nil).want(http.StatusConflict, "setUp")

	var b, clone api.Board
	w.operate("POST", "/v1/boards", fields{"title": "a", "lang": "nl"}).into(&b)
	w.operate("POST", "/v1/boards/"+b.ID+"/clone", fields{"title": "c"}).into(&clone)
	if len(founded) != 3 || founded[0].String() != b.ID || founded[1].String() != clone.ID || founded[2] != founded[0] {
		t.Errorf("founded %v", founded)
	}
	if !strings.Contains(w.log.String(), "no disk") {
		t.Error("a board without content is not in the log")
	}
	var owner api.NewInvite
	w.operate("POST", "/v1/boards/"+b.ID+"/invites", fields{"role": "owner", "label": "Bo"}).into(&owner)
	bo := w.device().join(owner.Code)
	var members api.MemberList
	w.operate("GET", "/v1/members", nil).into(&members)
	if len(members.Members) != 2 {
		t.Errorf("members %+v", members.Members)
	}
	w.operate("POST", "/v1/boards/"+clone.ID+"/members/"+bo.me.Member.Ref+"/grant", fields{"role": "moderator"}).into(&struct{}{})
	w.operate("POST", "/v1/members/"+bo.me.Member.Ref+"/forget", nil).want(http.StatusConflict, "lastOwner")
	w.operate("POST", "/v1/devices/"+bo.id()+"/rename", fields{"label": "old phone"}).into(&struct{}{})
	w.operate("POST", "/v1/devices/"+bo.id()+"/revoke", nil).into(&struct{}{})
	bo.get("/v1/me").want(http.StatusUnauthorized, "revoked")
	var devices api.DeviceList
	w.operate("GET", "/v1/devices", nil).into(&devices)
	if len(devices.Devices) != 2 {
		t.Errorf("devices %+v", devices.Devices)
	}
	w.operate("GET", "/v1/boards/"+id.Document{9}.String()+"/members", nil).want(http.StatusNotFound, "unknownBoard")
	// What devices ask for there is not.
	w.operate("POST", "/v1/join", nil).want(http.StatusNotFound, "noPath")
	w.operate("GET", "/v1/me", nil).want(http.StatusNotFound, "noPath")
	bo.get("/v1/devices").want(http.StatusNotFound, "noPath")
	bo.post("/v1/setup", nil).want(http.StatusNotFound, "noPath")
}

func TestRevocationsSurviveARestore(t *testing.T) {
	w, restored := newWorld(t), newWorld(t)
	b := w.board("a")
	d := w.member(b, rights.Resident)
	w.operate("POST", "/v1/devices/"+d.id()+"/revoke", nil).into(&struct{}{})
	var list api.RevocationList
	w.operate("GET", "/v1/revocations", nil).into(&list)
	var done api.Applied
	restored.operate("POST", "/v1/revocations", list).into(&done)
	if done.Applied != 1 {
		t.Errorf("applied %d", done.Applied)
	}
	again := &device{w: restored, signer: d.signer, header: http.Header{}}
	again.post("/v1/join", again.joinWith(restored.code(restored.board("a"), 1, rights.Resident))).want(http.StatusForbidden, "revoked")
}

func TestTheSocketIsTheUsersOwn(t *testing.T) {
	dir := t.TempDir()
	if _, err := api.DialSocket(context.Background(), dir); !errors.Is(err, api.ErrNoDaemon) {
		t.Errorf("without a server: %v", err)
	}
	lis, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "syncd.sock")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	go func() {
		if conn, err := lis.Accept(); err == nil {
			conn.Close()
		}
	}()
	conn, err := api.DialSocket(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	// A kill leaves the socket; the next start takes its place.
	lis.(*net.UnixListener).SetUnlinkOnClose(false)
	lis.Close()
	if _, err := api.DialSocket(context.Background(), dir); !errors.Is(err, api.ErrNoDaemon) {
		t.Errorf("after a kill: %v", err)
	}
	again, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ListenSocket(dir); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("over a file: %v", err)
	}
}

func TestADataDirectoryWithALongPath(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path, moved, err := api.SocketPath(dir)
	if err != nil || !moved || len(path) > 100 {
		t.Fatalf("%s %v %v", path, moved, err)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(path)) })
	lis, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := api.DialSocket(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	lis.Close()
	// A folder that others can enter is not trusted.
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ListenSocket(dir); err == nil || !strings.Contains(err.Error(), "made by somebody else") {
		t.Errorf("in another's folder: %v", err)
	}
	if _, err := api.DialSocket(context.Background(), dir); err == nil || errors.Is(err, api.ErrNoDaemon) {
		t.Errorf("in another's folder: %v", err)
	}
	t.Setenv("TMPDIR", "/tmp/"+strings.Repeat("long", 30))
	if _, err := api.ListenSocket(dir); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("too long everywhere: %v", err)
	}
}

func TestTheSecretStays(t *testing.T) {
	disk := mem.NewDisk()
	s := mem.Open(disk)
	first, err := api.OpenSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	second, err := api.OpenSecret(mem.Open(disk))
	if err != nil || first != second {
		t.Errorf("the secret changed: %v", err)
	}
	if first == [32]byte{} {
		t.Error("the secret is empty")
	}
	if err := s.PutRecords([]store.Record{{Key: []byte("server/secret"), Value: []byte("short")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.OpenSecret(s); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged secret: %v", err)
	}
	server := api.Server{Base: "https://board.example", Fingerprint: "ab"}
	if err := api.RememberServer(s, server); err != nil {
		t.Fatal(err)
	}
	if got, err := api.RecallServer(s); err != nil || got != server {
		t.Errorf("recalled %+v, %v", got, err)
	}
	if got, want := server.Link("7qk2m-9xzta", false), "https://board.example/#c=7qk2m-9xzta&fp=ab"; got != want {
		t.Errorf("link %s, want %s", got, want)
	}
}

// A board has its content before anybody can ask for it.
func TestABoardIsFoundedBeforeItIsKnown(t *testing.T) {
	var w *world
	founded := map[id.Document]*id.Document{}
	w = newWorld(t, func(c *api.Config) {
		c.Found = func(_ context.Context, made registry.Board, from *id.Document) error {
			if _, known := w.registry.Board(made.ID); known {
				t.Errorf("%q is known before it has content", made.Title)
			}
			founded[made.ID] = from
			return nil
		}
	})
	_, code, err := w.registry.SetupInvite()
	if err != nil {
		t.Fatal(err)
	}
	d := w.device().join(code)
	var b, clone api.Board
	d.post("/v1/boards", fields{"title": "Lindeparken", "lang": "da"}).into(&b)
	d.post("/v1/boards/"+b.ID+"/clone", fields{"title": "Egeparken"}).into(&clone)
	of := func(b api.Board) id.Document { return must(id.ParseDocument(b.ID)) }
	if from, ok := founded[of(b)]; !ok || from != nil {
		t.Errorf("the board was founded: %t, like %v", ok, from)
	}
	if from, ok := founded[of(clone)]; !ok || from == nil || *from != of(b) {
		t.Errorf("the clone was founded: %t, like %v", ok, from)
	}
	d.post("/v1/boards", fields{"title": "", "lang": "da"}).want(http.StatusBadRequest, "invalid")
	if len(founded) != 2 {
		t.Errorf("%d boards were founded", len(founded))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
