package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
)

// patience is how long anything here may take before a test fails; nothing
// waits for it to pass.
const patience = 30 * time.Second

// binary is a syncd as it is shipped, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tavle-syncd-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "syncd")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build syncd: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// command is a syncd that sees none of the settings of whoever runs the tests.
func command(args ...string) *exec.Cmd {
	c := exec.Command(binary, args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "TAVLE_") {
			c.Env = append(c.Env, e)
		}
	}
	return c
}

// run runs a syncd to its end and returns what a user sees of it.
func run(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	c := command(args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	end := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer end.Stop()
	err := c.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// daemon is a serving syncd.
type daemon struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr log
	addr   string
	done   chan struct{} // closed when the process has ended
	end    *time.Timer   // of its life
}

// log is written by the process while a test reads it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a syncd on a free port and waits for its line.
func start(t *testing.T, dir string, args ...string) *daemon {
	t.Helper()
	return launch(t, dir, append([]string{"--open"}, args...)...)
}

// launch starts a syncd likewise, with members unless the arguments say otherwise.
func launch(t testing.TB, dir string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, done: make(chan struct{})}
	d.cmd = command(append([]string{"serve", "--listen=127.0.0.1:0", "--data", dir}, args...)...)
	d.cmd.Stderr = &d.stderr
	pipe, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.stdout = bufio.NewReader(pipe)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.end = time.AfterFunc(patience, func() { _ = d.cmd.Process.Kill() })
	t.Cleanup(func() {
		d.end.Stop()
		_ = d.cmd.Process.Kill()
		d.wait()
	})
	line, err := d.stdout.ReadString('\n')
	match := regexp.MustCompile(`^listening on https?://(127\.0\.0\.1:\d+)\n$`).FindStringSubmatch(line)
	if err != nil || match == nil {
		d.wait()
		t.Fatalf("line %q, %v\n%s", line, err, &d.stderr)
	}
	d.addr = match[1]
	return d
}

func (d *daemon) wait() (code int, rest string) {
	select {
	case <-d.done:
	default:
		out, _ := io.ReadAll(d.stdout)
		rest = string(out)
		_ = d.cmd.Wait()
		close(d.done)
	}
	return d.cmd.ProcessState.ExitCode(), rest
}

func ask(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestServeAnswersAndEndsCleanly(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			d := start(t, dir, "--admin-listen=off")
			for path, want := range map[string]string{"/healthz": "alive\n", "/readyz": "ready\n"} {
				if status, body := ask(t, "http://"+d.addr+path, ""); status != http.StatusOK || body != want {
					t.Errorf("%s: %d %q", path, status, body)
				}
			}
			if status, body := ask(t, "http://"+d.addr+"/", "evil.example"); status != http.StatusMisdirectedRequest {
				t.Errorf("a page that gives its name our address got %d %q", status, body)
			}
			code, _, stderr := run(t, "", "docs", "--data", dir)
			if code != 1 || !strings.Contains(stderr, "is in use by another process") {
				t.Errorf("docs meanwhile: exit %d, %s", code, stderr)
			}
			if err := d.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code, rest := d.wait(); code != 0 || rest != "" {
				t.Errorf("exit %d, %q on standard output after the line\n%s", code, rest, &d.stderr)
			}
			if code, stdout, stderr := run(t, "", "check", "--data", dir); code != 0 {
				t.Errorf("check afterwards: exit %d, %s%s", code, stdout, stderr)
			}
		})
	}
}

func TestClientsHearThatTheServerStops(t *testing.T) {
	d := start(t, t.TempDir(), "--admin-listen=off")
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+d.addr+"/sync", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _, err = ws.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("got %v, want code %d", err, websocket.CloseServiceRestart)
	}
	if code, _ := d.wait(); code != 0 {
		t.Errorf("exit %d\n%s", code, &d.stderr)
	}
}

func TestWebPagesFromElsewhereAreRefused(t *testing.T) {
	d := start(t, t.TempDir(), "--admin-listen=off", "--origin=https://board.example")
	for origin, want := range map[string]bool{
		"": true, "http://localhost:5173": true, "https://board.example": true, "https://evil.example": false, "null": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, _, err := websocket.DefaultDialer.Dial("ws://"+d.addr+"/sync", header)
		if (err == nil) != want {
			t.Errorf("a page from %q: %v", origin, err)
		}
		if err == nil {
			ws.Close()
		}
	}
}

func TestMetricsAreOnTheAdminListenerOnly(t *testing.T) {
	d := start(t, t.TempDir(), "--admin-listen=127.0.0.1:0")
	// It logs this before it prints its line, but the log comes another way.
	var found []string
	for deadline := time.Now().Add(patience); found == nil; {
		if found = regexp.MustCompile(` admin=(\S+)`).FindStringSubmatch(d.stderr.String()); found == nil && time.Now().After(deadline) {
			t.Fatalf("the log does not tell where the metrics are:\n%s", &d.stderr)
		}
		time.Sleep(time.Millisecond)
	}
	admin := found[1]
	documented, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body := ask(t, "http://"+admin+"/metrics", "")
	names := regexp.MustCompile(`(?m)^# TYPE (tavle_\w+) `).FindAllStringSubmatch(body, -1)
	if len(names) < 20 {
		t.Errorf("only %d metrics", len(names))
	}
	for _, name := range names {
		if !strings.Contains(string(documented), "`"+name[1]+"`") {
			t.Errorf("%s is not in operations.md", name[1])
		}
	}
	for _, name := range regexp.MustCompile("`(tavle_\\w+)`").FindAllStringSubmatch(string(documented), -1) {
		if !strings.Contains(body, "# TYPE "+name[1]+" ") {
			t.Errorf("operations.md has %s, which is no metric", name[1])
		}
	}
	if status, _ := ask(t, "http://"+d.addr+"/metrics", ""); status == http.StatusOK {
		t.Error("the metrics are where the clients are, too")
	}
	if status, _ := ask(t, "http://"+admin+"/metrics", "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("a page that gives its name our address got %d", status)
	}
}

func TestAdminPortInUse(t *testing.T) {
	first := start(t, t.TempDir(), "--admin-listen=off")
	_, port, _ := strings.Cut(first.addr, ":")
	code, stdout, stderr := run(t, "", "serve", "--open", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:"+port, "--data", t.TempDir())
	if code != 1 || stdout != "" || !strings.Contains(stderr, "--admin-listen 127.0.0.1:"+port+": another program uses this port") {
		t.Errorf("admin port in use: exit %d, %q, %s", code, stdout, stderr)
	}
}

func TestPortInUse(t *testing.T) {
	first := start(t, t.TempDir(), "--admin-listen=off")
	code, stdout, stderr := run(t, "", "serve", "--open", "--admin-listen=off", "--listen", first.addr, "--data", t.TempDir())
	want := "--listen " + first.addr + ": another program uses this port, maybe another syncd; stop it or choose another port\n"
	if code != 1 || stdout != "" || !strings.HasSuffix(stderr, want) {
		t.Errorf("exit %d, %q, %s", code, stdout, stderr)
	}
}

func TestStoreInUse(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "--admin-listen=off")
	code, _, stderr := run(t, "", "serve", "--open", "--admin-listen=off", "--listen=127.0.0.1:0", "--data", dir)
	want := "syncd: the store in " + dir + " is in use by another process, surely a running syncd; stop it first\n"
	if code != 1 || stderr != want {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestServeRefusesThePublic(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for args, want := range map[string]string{
		"--listen=:0":            "add --lan",
		"--open --listen=:0":     "add --i-know-this-is-public",
		"--open --origin=x":      "--origin x: an origin looks like https://board.example",
		"--listen=127.0.0.1:0 -": "Run \"syncd serve --help\"",
	} {
		code, stdout, stderr := run(t, "", append([]string{"serve", "--data", dir}, strings.Fields(args)...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("serve %s: exit %d, %q, %s", args, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a store was made all the same: %v", err)
	}
}

// change returns the only change of a document, with a text that is found again
// in the files of a store.
func change(t *testing.T, text string) *chunk.Change {
	t.Helper()
	c, err := chunk.Build(chunk.Spec{Actor: "ann", Seq: 1, StartOp: 1, Ops: []chunk.Op{
		{Key: "text", Action: chunk.ActionSet, Value: chunk.StringValue(text)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImportAndExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := change(t, "hello")
	code, url, stderr := run(t, string(c.Bytes()), "import", "--data", dir, "-")
	if code != 0 || !strings.HasPrefix(url, "automerge:") {
		t.Fatalf("import: exit %d, %q, %s", code, url, stderr)
	}
	code, exported, stderr := run(t, "", "export", "--data", dir, strings.TrimSpace(url))
	if code != 0 || exported != string(c.Bytes()) {
		t.Errorf("export: exit %d, %d bytes, %s", code, len(exported), stderr)
	}
	code, list, _ := run(t, "", "docs", "--data", dir)
	if code != 0 || !strings.Contains(list, strings.TrimSpace(url)+" ") || !strings.Contains(list, "\n1 document ") {
		t.Errorf("docs: exit %d\n%s", code, list)
	}
}

func TestNoStoreIsMadeByLooking(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"docs"}, {"check"}, {"export", id.Document{}.URL()}} {
		code, stdout, stderr := run(t, "", append(args, "--data", dir)...)
		if code != 1 || stdout != "" || stderr != "syncd: there is no store in "+dir+"; --data names another directory\n" {
			t.Errorf("%v: exit %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestCheckFindsABitThatTurned(t *testing.T) {
	dir := t.TempDir()
	s, err := badger.Open(badger.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"kLq8vZ3mXw", "Tn5bRj7cYd", "Hf2gPs9aUe"} // too short to be compressed
	for i, text := range texts {
		c := change(t, text)
		a := store.Append{Document: id.Document{0: byte(i)}, Changes: [][]byte{c.Bytes()}, Heads: []id.ChangeHash{c.Hash}}
		if err := s.Commit([]store.Append{a}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "", "check", "--data", dir)
	if code != 0 || !strings.HasPrefix(stdout, "3 documents, 3 changes, ") || !strings.HasSuffix(stdout, " checked: all is well\n") {
		t.Fatalf("before: exit %d, %s%s", code, stdout, stderr)
	}
	turnABit(t, dir, texts[1])
	code, stdout, stderr = run(t, "", "check", "--data", dir)
	lines := strings.Split(stdout, "\n")
	if code != 1 || len(lines) != 3 || !strings.HasPrefix(lines[0], "damaged: "+id.Document{0: 1}.URL()+": ") ||
		!strings.HasSuffix(lines[1], " checked: 1 damaged") {
		t.Errorf("after: exit %d, %s%s", code, stdout, stderr)
	}
}

// turnABit changes one bit of the text wherever it stands in a store's tables.
func turnABit(t *testing.T, dir, text string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	turned := 0
	for _, path := range tables {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, []byte(text)); at >= 0 {
			turned++
			data[at] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if turned == 0 {
		t.Fatalf("the text is in none of %d tables", len(tables))
	}
}
