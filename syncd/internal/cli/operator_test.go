package cli_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/tlsconfig"
)

var codeForm = regexp.MustCompile(`[0-9a-z]{5}-[0-9a-z]{5}`)

// registryOf opens who belongs to a data directory, between two commands.
func (r *runner) registryOf(dir string) *registry.Registry {
	r.t.Helper()
	reg, err := registry.Open(registry.Config{Store: mem.Open(r.disks[dir])})
	if err != nil {
		r.t.Fatal(err)
	}
	return reg
}

func (r *runner) storageOf(dir string) id.Storage { return mem.Open(r.disks[dir]).StorageID() }

// join lets a new device join.
func (r *runner) join(dir, code string) registry.Joined {
	r.t.Helper()
	s, err := auth.NewSigner(auth.ES256)
	if err != nil {
		r.t.Fatal(err)
	}
	j, err := r.registryOf(dir).Redeem(code, registry.NewDevice{Alg: auth.ES256, Key: s.Key().Raw(), Label: "tablet", Kind: "phone", AppVersion: "1.0"})
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

func TestFromABoardToAMember(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	if res := r.run("invite", "--data", dir, "--role=owner"); res.code != cli.ExitWrong || !strings.Contains(res.stderr, "there is no store") {
		t.Errorf("invite without a store: exit %d, %s", res.code, res.stderr)
	}
	made := r.run("board", "create", "Lindeparken", "--data", dir)
	board := strings.TrimSpace(made.out)
	if made.code != 0 || !strings.Contains(made.stderr, "there is no store in "+dir+", so one is made") ||
		!strings.Contains(made.stderr, "syncd invite --data "+dir+" --board "+board+" --role owner") {
		t.Fatalf("exit %d\n%s%s", made.code, made.out, made.stderr)
	}
	out := r.ok("invite", "--data", dir, "--role=owner", "--label=Bo", "--ttl=2d")
	code := codeForm.FindString(out)
	if code == "" || !strings.Contains(out, `owner joins "Lindeparken"`) || !strings.Contains(out, "/#c="+code) || strings.Contains(out, "\x1b") {
		t.Fatalf("invite prints\n%s", out)
	}
	bo := r.join(dir, code)
	if out := normal(r.ok("member", "list", "--data", dir, "--board=lindeparken")); !strings.Contains(out, bo.Member.Ref+" Bo owner 1 ") {
		t.Errorf("members\n%s", out)
	}
	if out := normal(r.ok("device", "list", "--data", dir)); !strings.Contains(out, bo.Device.ID+" phone tablet Bo ") {
		t.Errorf("devices\n%s", out)
	}
	if res := r.run("member", "grant", bo.Member.Ref, "--role=moderator", "--for=1w", "--data", dir); !strings.Contains(res.stderr, `Bo has on "Lindeparken": moderator until `) {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	if res := r.run("member", "ungrant", bo.Member.Ref, "--role=owner", "--data", dir); res.code != cli.ExitWrong || res.stderr != "syncd: The board would have no owner. Make somebody else an owner first\n" {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	if out := r.ok("invites", "list", "--data", dir); strings.Contains(out, code) {
		t.Errorf("a code is shown again\n%s", out)
	}
	var list api.InviteList
	if err := json.Unmarshal([]byte(r.ok("invites", "list", "--json", "--data", dir)), &list); err != nil || len(list.Invites) != 1 || list.Invites[0].Uses != 1 {
		t.Errorf("invites %+v, %v", list, err)
	}
}

func TestShuttingADeviceOut(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.ok("board", "create", "a", "--data", dir)
	j := r.join(dir, codeForm.FindString(r.ok("invite", "--role=resident", "--data", dir)))
	r.ok("device", "rename", j.Device.ID, "the lost \x1b[31mtablet", "--data", dir)
	if out := r.ok("device", "list", "--data", dir); strings.Contains(out, "\x1b") || !strings.Contains(out, "the lost") {
		t.Errorf("a label moves the cursor: %q", out)
	}
	if res := r.run("device", "revoke", j.Device.ID, "--data", dir); res.code != 0 || !strings.Contains(res.stderr, "is shut out") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	if res := r.run("device", "list", "--data", dir); strings.Contains(res.out, j.Device.ID) || !strings.Contains(res.stderr, "1 device shut out") {
		t.Errorf("%s%s", res.out, res.stderr)
	}
	if res := r.run("device", "revoke", "nobody", "--data", dir); res.code != cli.ExitWrong || res.stderr != "syncd: This server does not know this device\n" {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}

	// A backup from before does not know; the list does.
	file := filepath.Join(t.TempDir(), "revocations.json")
	r.ok("revocations", "export", "-o", file, "--data", dir)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	old := filepath.Join(t.TempDir(), "old")
	r.ok("board", "create", "a", "--data", old)
	was := r.storageOf(old)
	if res := r.run("revocations", "import", file, "--data", old); !strings.Contains(res.stderr, "1 revocation in the list, 1 of them new") ||
		!strings.Contains(res.stderr, "new storage id") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	if r.storageOf(old) == was {
		t.Error("HS4 after a restore the store has its old storage id")
	}
	if got := r.registryOf(old).Revocations(); len(got) != 1 || got[0].Device != j.Device.ID {
		t.Errorf("after the import: %+v", got)
	}
	if res := r.run("revocations", "import", "-", "--data", old); res.code != cli.ExitWrong || !strings.Contains(res.stderr, "is no list of revocations") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
}

// The setting is about the web app; commands are about the board that they name.
func TestTheSettingBoardChoosesNoBoard(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	first := strings.TrimSpace(r.ok("board", "create", "Lindeparken", "--data", dir))
	r.ok("board", "create", "Egeparken", "--data", dir)
	r.environ = []string{"TAVLE_BOARD=automerge:" + first}
	for _, args := range [][]string{{"board", "archive"}, {"board", "rename", "x"}, {"invite", "--role=owner"}} {
		if res := r.run(append(args, "--data", dir)...); res.code != cli.ExitUsage || !strings.Contains(res.stderr, "say which") {
			t.Errorf("%v: exit %d, %s%s", args, res.code, res.out, res.stderr)
		}
	}
	if out := r.ok("config", "--data", dir); !strings.Contains(out, "automerge:"+first) || !strings.Contains(out, "env TAVLE_BOARD") {
		t.Errorf("config:\n%s", out)
	}
	r.ok("serve", "--data", dir)
	if r.served.Board != "automerge:"+first {
		t.Errorf("serve has the board %q", r.served.Board)
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// What could not be printed was not done well: a code is shown once.
func TestLostOutputIsAnError(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	board, err := id.ParseDocument(strings.TrimSpace(r.ok("board", "create", "a", "--data", dir)))
	if err != nil {
		t.Fatal(err)
	}
	item, err := r.registryOf(dir).Quarantine(registry.Refused{Board: board, Reason: "notYours"}, [][]byte{[]byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"invite", "--role=resident"}, {"invites", "list"}, {"quarantine", "list"}, {"quarantine", "show", item.ID},
		{"member", "list"}, {"device", "list"}, {"board", "create", "b"},
	} {
		var stderr strings.Builder
		code := cli.Run(t.Context(), cli.Env{Args: append(args, "--data", dir), Stdout: fullDisk{}, Stderr: &stderr}, cli.Parts{OpenStore: r.open})
		if code != cli.ExitWrong || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v: exit %d, %s", args, code, &stderr)
		}
	}
}

// A list of every device that was shut out may be longer than one request.
func TestALongListOfRevocations(t *testing.T) {
	longest := registry.Revocation{Device: strings.Repeat("<", 64), Reason: strings.Repeat("<", 256), At: time.Now()} // six bytes each
	text, err := json.Marshal(longest)
	if err != nil || len(text)*api.RevocationsAtOnce > api.RevocationBytesMax-1<<10 {
		t.Errorf("%v; %d of %d bytes do not fit one request", err, api.RevocationsAtOnce, len(text))
	}
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.ok("board", "create", "a", "--data", dir)
	var list api.RevocationList
	for i := range api.RevocationsAtOnce + 1 {
		list.Revocations = append(list.Revocations, registry.Revocation{Device: strconv.Itoa(i / api.RevocationsAtOnce)})
	}
	if text, err = json.Marshal(list); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "revocations.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if res := r.run("revocations", "import", file, "--data", dir); res.code != 0 || !strings.Contains(res.stderr, "25001 revocations in the list, 2 of them new") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
}

// HS4 for a restore without a list of revocations.
func TestRestored(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	if res := r.run("restored", "--data", dir); res.code != cli.ExitWrong || !strings.Contains(res.stderr, "there is no store") {
		t.Errorf("without a store: exit %d, %s", res.code, res.stderr)
	}
	r.ok("board", "create", "a", "--data", dir)
	was := r.storageOf(dir)
	if res := r.run("restored", "--data", dir); res.code != 0 || !strings.Contains(res.stderr, "new storage id") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	if r.storageOf(dir) == was {
		t.Error("the store has its old storage id")
	}
}

func TestWhichBoardIsMeant(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	first := strings.TrimSpace(r.ok("board", "create", "Lindeparken", "--data", dir))
	second := strings.TrimSpace(r.ok("board", "clone", "Egeparken", "--data", dir))
	for _, c := range []struct{ board, want string }{
		{"", "say which with --board"}, {"Bøgeparken", `no board is called "Bøgeparken"; there are: "Egeparken" (` + second + `), "Lindeparken" (` + first + ")"},
	} {
		if res := r.run("invite", "--role=resident", "--board="+c.board, "--data", dir); res.code != cli.ExitUsage || !strings.Contains(res.stderr, c.want) {
			t.Errorf("--board %q: exit %d, %s", c.board, res.code, res.stderr)
		}
	}
	for _, board := range []string{"egeparken", second, "automerge:" + second} {
		if out := r.ok("invite", "--role=resident", "--board="+board, "--data", dir); !strings.Contains(out, "Egeparken") {
			t.Errorf("--board %s: %s", board, out)
		}
	}
	r.ok("board", "rename", "Ege", "--board", second, "--data", dir)
	r.ok("board", "archive", "--board=Ege", "--data", dir)
	if out := normal(r.ok("board", "list", "--data", dir)); !strings.Contains(out, second+" Ege da Europe/Copenhagen ") || !strings.Contains(out, " archived") {
		t.Errorf("boards\n%s", out)
	}
	r.ok("invite", "--role=resident", "--data", dir) // one is left
	if res := r.run("invite", "--role=king", "--data", dir); res.code == 0 {
		t.Error("there is a king")
	}
	if res := r.run("invite", "--role=resident", "--ttl=soon", "--data", dir); res.code != cli.ExitUsage || !strings.Contains(res.stderr, "it looks like 15m, 12h, 7d or 2w") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
}

func TestForgettingNeedsAWord(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.ok("board", "create", "a", "--data", dir)
	j := r.join(dir, codeForm.FindString(r.ok("invite", "--role=resident", "--label=Bo", "--data", dir)))
	if res := r.run("member", "forget", j.Member.Ref, "--data", dir); res.code != cli.ExitUsage || !strings.Contains(res.stderr, "add --yes") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
	r.ok("member", "forget", j.Member.Ref, "--yes", "--data", dir)
	if m, _ := r.registryOf(dir).Member(j.Member.Ref); m.Label != "" || m.Forgotten.IsZero() {
		t.Errorf("still known: %+v", m)
	}
}

func TestEndingEverySession(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.ok("board", "create", "a", "--data", dir)
	secret := func() auth.Secret {
		s, err := api.OpenSecret(mem.Open(r.disks[dir]))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	device := r.join(dir, codeForm.FindString(r.ok("invite", "--role=resident", "--data", dir))).Device.ID
	now := time.Now()
	session, _, err := auth.NewMinter(secret()).Mint(auth.Session, device, now)
	if err != nil {
		t.Fatal(err)
	}
	r.ok("sessions", "end", "--data", dir)
	if _, err := auth.NewMinter(secret()).Read(auth.Session, session, now); !errors.Is(err, auth.ErrForged) {
		t.Errorf("an old session: %v", err)
	}
	if _, ok := r.registryOf(dir).Device(device); !ok {
		t.Error("the device is gone")
	}
}

// TestAServerThatRunsIsAsked has a server on the socket of a directory whose
// store no command could open.
func TestAServerThatRunsIsAsked(t *testing.T) {
	dir := t.TempDir()
	reg, err := registry.Open(registry.Config{Store: mem.Open(mem.NewDisk())})
	if err != nil {
		t.Fatal(err)
	}
	lis, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: api.NewOperator(api.Config{Registry: reg, Server: api.Server{Base: "https://board.example", Fingerprint: "ab"}})}
	go server.Serve(lis)
	defer server.Close()

	r := newRunner(t)
	r.disks = nil // opening a store would panic
	setup := r.ok("setup", "--data", dir)
	if code := codeForm.FindString(setup); code == "" || !strings.Contains(setup, "https://board.example/#c="+code+"&fp=ab") ||
		!strings.Contains(setup, "fingerprint is\n  AB\n") {
		t.Errorf("setup prints\n%s", setup)
	}
	r.ok("board", "create", "Lindeparken", "--data", dir)
	out := r.ok("invite", "--role=visitor", "--uses=3", "--data", dir)
	code := codeForm.FindString(out)
	if !strings.Contains(out, "https://board.example/kiosk#c="+code+"&fp=ab") || !strings.Contains(out, "up to 3 devices") {
		t.Errorf("invite prints\n%s", out)
	}
	if boards := reg.Boards(); len(boards) != 1 || boards[0].Title != "Lindeparken" {
		t.Errorf("the server has %+v", boards)
	}
}

// A board and its members may be there before anybody has set the server up.
func TestSettingUpAServerThatHasMembers(t *testing.T) {
	r := newRunner(t)
	dir := filepath.Join(t.TempDir(), "d")
	r.run("board", "create", "Lindeparken", "--data", dir)
	bo := r.join(dir, codeForm.FindString(r.ok("invite", "--data", dir, "--role=owner")))
	out := r.ok("setup", "--data", dir)
	if strings.Contains(out, "Nobody belongs") || !strings.Contains(out, "Nobody may make boards in the app yet.") {
		t.Errorf("setup prints\n%s", out)
	}
	if got := r.join(dir, codeForm.FindString(out)); !got.Member.Operator || got.Member.Ref == bo.Member.Ref {
		t.Errorf("joined: %+v", got)
	}
	if res := r.run("setup", "--data", dir); res.code != cli.ExitWrong || !strings.Contains(res.stderr, "set up already") {
		t.Errorf("exit %d, %s", res.code, res.stderr)
	}
}

func TestTheFirstStartSaysHowToBegin(t *testing.T) {
	var out strings.Builder
	text := cli.SetupText(&out, api.Server{Base: "https://192.0.2.1:3030", Fingerprint: "00ff"}, "7qk2m-9xzta")
	for _, want := range []string{"https://192.0.2.1:3030/#c=7qk2m-9xzta&fp=00ff", "code   7qk2m-9xzta", "00:FF"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, c := range []struct {
		cfg  config.Config
		addr string
		want string
	}{
		{config.Config{}, "127.0.0.1:3030", "http://127.0.0.1:3030"},
		{config.Config{Hosts: []string{"tavle.local"}, Access: config.Access{LAN: true}}, "[::]:3030", "https://tavle.local:3030"},
		{config.Config{Access: config.Access{PublicURL: "https://board.example"}}, "[::]:3030", "https://board.example"},
	} {
		if got := cli.Reached(c.cfg, c.addr); got != c.want {
			t.Errorf("%s is reached at %s, want %s", c.addr, got, c.want)
		}
	}
}

func TestAServerInAHouseIsKnownByTheNamesOfItsMachine(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip("this machine has no name")
	}
	cfg := config.Config{Hosts: []string{"tavle.example"}, Access: config.Access{LAN: true}}
	names := cli.Names(cfg)
	for _, want := range []string{host, "localhost", "127.0.0.1", "tavle.example"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %q", want, names)
		}
	}
	if cfg.LAN = false; len(cli.Names(cfg)) != 1 {
		t.Errorf("with another certificate it is known by %q", cli.Names(cfg))
	}
}

// A certificate says by which names a server is reached.
func TestAServerIsKnownByTheNamesOfItsCertificate(t *testing.T) {
	dir := t.TempDir()
	if _, err := tlsconfig.New(tlsconfig.Config{OwnDir: dir, Names: []string{"Board.example", "*.example"}}); err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Access: config.Access{TLSCert: filepath.Join(dir, "lan.pem")}}
	if names := cli.Names(cfg); !slices.Contains(names, "board.example") || slices.Contains(names, "*.example") {
		t.Errorf("it is known by %q", names)
	}
	for addr, want := range map[string]string{
		"[::]:443": "https://board.example", "192.0.2.1:4782": "https://board.example:4782", "127.0.0.1:443": "https://127.0.0.1",
	} {
		if got := cli.Reached(cfg, addr); got != want {
			t.Errorf("at %s it is reached as %s, want %s", addr, got, want)
		}
	}
	cfg.TLSCert = filepath.Join(dir, "missing.pem")
	if names := cli.Names(cfg); len(names) > 0 {
		t.Errorf("without a certificate it is known by %q", names)
	}
}

func TestADataDirectoryThatOthersRead(t *testing.T) {
	dir := t.TempDir()
	for mode, warned := range map[os.FileMode]bool{0o700: false, 0o750: true, 0o755: true} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if res := newRunner(t).run("serve", "--data", dir); strings.Contains(res.stderr, "give it the mode 0700") != warned {
			t.Errorf("mode %o: %q", mode, res.stderr)
		}
	}
	if res := newRunner(t).run("serve", "--data", filepath.Join(dir, "none")); res.stderr != "" {
		t.Errorf("a new directory: %q", res.stderr)
	}
}
