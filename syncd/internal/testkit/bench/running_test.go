package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhichRunningServersAreTaken(t *testing.T) {
	for _, text := range []string{
		"x=ws://127.0.0.1:3030/sync,pid=7,protocol=hocuspocus,dir=/data",
		"x=ws://[::1]:3030,pid=7",
		"x=ws://127.8.9.1:3030,pid=7",
		"x=wss://127.0.0.1:3030,pid=7",
		"x=ws://localhost:3030,pid=7",
	} {
		if _, err := parseRunning(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	c, _ := parseRunning("x=ws://127.0.0.1:3030,pid=7,dir=/data")
	if c.name != "x" || c.clients != "automerge" || *c.running != (running{url: "ws://127.0.0.1:3030/", pid: 7, dir: "/data"}) {
		t.Errorf("read %+v %+v", c, c.running)
	}
	for text, why := range map[string]string{
		"x=ws://192.0.2.1:3030,pid=7":                      "loopback",
		"x=ws://board.example:3030,pid=7":                  "loopback",
		"x=ws://localhost.board.example:3030,pid=7":        "loopback",
		"x=ws://127.0.0.1@board.example:3030,pid=7":        "loopback",
		"x=ws://127.0.0.1.board.example:3030,pid=7":        "loopback",
		"x=ws://0.0.0.0:3030,pid=7":                        "loopback",
		"x=ws://[2001:db8::1]:3030,pid=7":                  "loopback",
		"x=wss://192.0.2.1:3030,pid=7":                     "loopback",
		"x=wss://127.0.0.1:3030,pid=7,protocol=hocuspocus": "ws://",
		"x=ws://127.0.0.1,pid=7":                           "port",
		"x=ws://127.0.0.1:3030":                            "pid",
		"x=ws://127.0.0.1:3030,pid=0":                      "pid",
		"x=ws://127.0.0.1:3030,pid=me":                     "pid",
		"x=ws://127.0.0.1:3030,pid=7,protocol=yjs":         "yjs",
		"x=ws://127.0.0.1:3030,pid=7,colour=red":           "colour",
		"ws://127.0.0.1:3030,pid=7":                        "name",
		"x=ws://127.0.0.1:3030,pid=7,dir=/a,dir":           "name",
		"x=http://127.0.0.1:3030,pid=7,protocol=automerge": "ws://",
	} {
		if _, err := parseRunning(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want something about %s", text, err, why)
		}
	}
}

func TestNamesAreDifferent(t *testing.T) {
	other, err := parseRunning("syncd=ws://127.0.0.1:3030,pid=7")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (options{servers: []string{"syncd"}, running: []contender{other}}).contenders(); err == nil {
		t.Error("two servers with one name share their figures")
	}
}

// A running server is somebody else's: it goes on, and keeps its files.
func TestARunningServerIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("cat")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	c := contender{name: "other", clients: "automerge", running: &running{url: "ws://127.0.0.1:1/", pid: other.Process.Pid, dir: dir}}
	s, err := c.start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s.url() != "ws://127.0.0.1:1/" || s.memory() <= 0 || s.disk() != 0 {
		t.Errorf("at %s, %v MiB, %v MiB more on the disk", s.url(), s.memory(), s.disk())
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if more := s.disk(); more < 1.9 || more > 2.5 {
		t.Errorf("%v MiB more on the disk, want 2", more)
	}
	s.stop()
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if _, err := io.WriteString(in, "still here"); err != nil {
		t.Error(err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if said, err := io.ReadAll(out); err != nil || string(said) != "still here" {
		t.Errorf("the process says %q, %v", said, err)
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := c.start(t.TempDir()); err == nil {
		t.Error("a process that is gone is taken for a server")
	}
}

// Nothing that kills or restarts the server is put on one that runs already, and the output says so.
func TestWhatIsLeftOutOnARunningServer(t *testing.T) {
	c := contender{name: "other", clients: "automerge", running: &running{}}
	all := slices.Concat(allWorkloads(time.Second), growthWorkloads())
	said := leftOut([]contender{c}, all)
	suited := 0
	for _, w := range all {
		switch kills := w.restart || w.play.Kind == "crash" || strings.HasPrefix(w.name, "first sync"); {
		case w.suits(c) == kills:
			t.Errorf("%s is measured: %v", w.name, !kills)
		case kills && !strings.Contains(said, w.name):
			t.Errorf("nobody says that %q is left out: %s", w.name, said)
		case !kills:
			suited++
		}
	}
	if suited < 6 {
		t.Errorf("%d workloads are left", suited)
	}
	if text := leftOut(contenders, all); text != "" {
		t.Errorf("left out on servers of its own: %s", text)
	}
}
