package torture

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the syncd under test: TAVLE_SYNCD, or one built for this run.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		binary = os.Getenv("TAVLE_SYNCD")
		if binary == "" {
			dir, err := os.MkdirTemp("", "tavle-torture-")
			if err != nil {
				panic(err)
			}
			defer os.RemoveAll(dir)
			binary = filepath.Join(dir, "syncd")
			build := exec.Command("go", "build", "-o", binary, "github.com/tavle-org/tavle/syncd")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build syncd: %v\n%s", err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// daemon is a running syncd.
type daemon struct {
	cmd    *exec.Cmd
	addr   string // HOST:PORT
	ended  chan struct{}
	stderr *strings.Builder
}

// start runs syncd on a data folder, under a wrapper such as strace if given,
// and waits until it answers.
func start(t *testing.T, data string, wrapper ...string) *daemon {
	t.Helper()
	d, err := tryStart(t, data, wrapper...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tryStart is start, but for that syncd may fail to start.
func tryStart(t *testing.T, data string, wrapper ...string) (*daemon, error) {
	t.Helper()
	args := append(wrapper, binary, "serve", "--open", "--listen", "127.0.0.1:0", "--admin-listen", "off", "--data", data)
	d := &daemon{cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{}), stderr: &strings.Builder{}}
	d.cmd.Stderr = d.stderr
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hangs := time.AfterFunc(30*time.Second, func() {
		t.Error("syncd neither starts nor ends")
		_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGQUIT) // and says where it is
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	hangs.Stop()
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on http://")
	if err != nil || !ok {
		d.kill()
		_ = d.cmd.Wait()
		return nil, fmt.Errorf("syncd did not start: %q, %w\n%s", line, err, d.stderr)
	}
	d.addr = addr
	go func() {
		defer close(d.ended)
		_ = d.cmd.Wait()
	}()
	t.Cleanup(d.kill)
	return d, nil
}

// kill is kill -9, of the whole process group. It does nothing to a nil daemon.
func (d *daemon) kill() {
	if d == nil {
		return
	}
	if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		panic(err)
	}
	if d.addr != "" {
		<-d.ended
	}
}

// ends waits until syncd ends by itself, as it does when it cannot tell what is stored.
func (d *daemon) ends(t *testing.T) {
	t.Helper()
	select {
	case <-d.ended:
	case <-time.After(20 * time.Second):
		t.Errorf("syncd goes on without a disk\n%s", d.stderr)
	}
}

// stop ends syncd as an operator would.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-d.ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("syncd does not stop\n%s", d.stderr)
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("syncd ended with %d\n%s", code, d.stderr)
	}
}

// check runs "syncd check" on a data folder that nobody uses.
func check(t *testing.T, data string) {
	t.Helper()
	if out, err := exec.Command(binary, "check", "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("syncd check: %v\n%s", err, out)
	}
}
