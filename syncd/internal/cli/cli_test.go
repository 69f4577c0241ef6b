package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// run runs one command line. Directories are disks in memory, by their names.
type runner struct {
	t       *testing.T
	disks   map[string]*mem.Disk
	wrap    func(store.Store) store.Store // nil for none
	environ []string
	stdin   string
	served  *config.Config // what serve was called with
	serve   error          // what serving returns
	options cli.Optional
}

func newRunner(t *testing.T) *runner { return &runner{t: t, disks: map[string]*mem.Disk{}} }

// result is what a user sees.
type result struct {
	code        int
	out, stderr string
}

func (r *runner) open(dir string, create bool, _ *slog.Logger) (store.Store, error) {
	if r.disks[dir] == nil {
		if !create {
			return nil, cli.ErrNoStore
		}
		r.disks[dir] = mem.NewDisk()
	}
	var s store.Store = mem.Open(r.disks[dir])
	if r.wrap != nil {
		s = r.wrap(s)
	}
	return s, nil
}

func (r *runner) run(args ...string) result {
	r.t.Helper()
	var out, stderr bytes.Buffer
	code := cli.Run(context.Background(), cli.Env{
		Args: args, Environ: r.environ, Stdin: strings.NewReader(r.stdin), Stdout: &out, Stderr: &stderr,
	}, cli.Parts{
		OpenStore: r.open,
		Serve: func(_ context.Context, c config.Config, o cli.Optional, _ *slog.Logger) error {
			r.served, r.options = &c, o
			return r.serve
		},
	})
	return result{code, out.String(), stderr.String()}
}

// ok runs a command that must succeed, and returns what it printed.
func (r *runner) ok(args ...string) string {
	r.t.Helper()
	res := r.run(args...)
	if res.code != cli.ExitOK {
		r.t.Fatalf("syncd %s: exit %d\n%s%s", strings.Join(args, " "), res.code, res.out, res.stderr)
	}
	return res.out
}

func (r *runner) settingsFile(text string) string {
	path := filepath.Join(r.t.TempDir(), "tavle.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func TestSettingsAndWhereTheyAreFrom(t *testing.T) {
	r := newRunner(t)
	r.environ = []string{"TAVLE_LOG_LEVEL=warn", "TAVLE_FREE_MIN=1GiB", "TAVLE_LISTN=x", "HOME=/"}
	file := r.settingsFile("log-level = debug\nlisten = 127.0.0.1:4000\norigin = https://a.example\norigin = https://b.example\nopen = true\n")
	res := r.run("config", "--config", file, "--free-min", "2GiB", "--host=a.example,b.example")
	want := `data                  tavle-data                            default
listen                127.0.0.1:4000                        file tavle.conf:2
admin-listen          127.0.0.1:3031                        default
open                  true                                  file tavle.conf:5
demo                  false                                 default
i-know-this-is-public  false                                 default
public-url            -                                     default
tls-cert              -                                     default
tls-key               -                                     default
acme                  -                                     default
acme-directory        -                                     default
lan                   false                                 default
behind-proxy          -                                     default
origin                https://a.example, https://b.example  file tavle.conf:3
host                  a.example, b.example                  flag
board                 -                                     default
connections-max       10000                                 default
free-min              2GiB                                  flag
log-level             warn                                  env TAVLE_LOG_LEVEL
log-format            text                                  default
`
	if got := normal(res.out); res.code != cli.ExitOK || got != normal(want) {
		t.Errorf("exit %d\n%s\nwant\n%s", res.code, res.out, want)
	}
	if want := "syncd: TAVLE_LISTN is set but is no setting; did you mean TAVLE_LISTEN?\n"; res.stderr != want {
		t.Errorf("stderr %q, want %q", res.stderr, want)
	}
}

// normal makes every run of spaces one, so that columns may move.
func normal(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestSettingsFileFromTheEnvironment(t *testing.T) {
	r := newRunner(t)
	r.environ = []string{"TAVLE_CONFIG=" + r.settingsFile("data = elsewhere")}
	if out := r.ok("config"); !strings.Contains(normal(out), "data elsewhere file tavle.conf:1\n") {
		t.Errorf("got\n%s", out)
	}
}

func TestWrongSettings(t *testing.T) {
	for _, c := range []struct {
		name, file string
		environ    []string
		args       []string
		want       string
	}{
		{name: "unknown key", file: "\nlisen = x", want: `tavle.conf:2: there is no setting "lisen"; did you mean "listen"?`},
		{name: "bad value in the file", file: "connections-max = many", want: "from file tavle.conf:1: --connections-max: expected a valid 64 bit int but got \"many\""},
		{name: "bad value in a variable", environ: []string{"TAVLE_LOG_LEVEL=loud"}, want: `from env TAVLE_LOG_LEVEL: "loud" is none of debug, info, warn, error`},
		{name: "bad size", environ: []string{"TAVLE_FREE_MIN=1.5G"}, want: `from env TAVLE_FREE_MIN: --free-min: "1.5G": a size looks like`},
		{name: "unknown flag", args: []string{"--lisen=x"}, want: "unknown flag --lisen, did you mean \"--listen\"?"},
		{name: "no such file", environ: []string{"TAVLE_CONFIG=/does/not/exist"}, want: "read settings: stat /does/not/exist: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRunner(t)
			r.environ = c.environ
			args := append([]string{"config"}, c.args...)
			if c.file != "" {
				args = append(args, "--config", r.settingsFile(c.file))
			}
			res := r.run(args...)
			if res.code != cli.ExitUsage || !strings.Contains(res.stderr, c.want) || res.out != "" {
				t.Errorf("exit %d, stderr\n%s\nwant\n%s", res.code, res.stderr, c.want)
			}
		})
	}
}

// A list in a variable may turn out to be empty.
func TestEmptyLists(t *testing.T) {
	for _, variable := range []string{"TAVLE_ORIGIN=,", "TAVLE_HOST= ", "TAVLE_BEHIND_PROXY=,", "TAVLE_ORIGIN= , ,"} {
		r := newRunner(t)
		r.environ = []string{variable}
		file := r.settingsFile("origin = https://a.example\n")
		if res := r.run("serve", "--config", file); res.code != cli.ExitOK || r.served == nil {
			t.Fatalf("%s: exit %d, %s", variable, res.code, res.stderr)
		}
		if c := r.served; len(c.Hosts)+len(c.BehindProxy) != 0 || len(c.Origins) != 1 {
			t.Errorf("%s: hosts %q, proxies %q, origins %q", variable, c.Hosts, c.BehindProxy, c.Origins)
		}
	}
}

func TestServeRefusesWhatIsNotMeant(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--open --listen=:0", "add --i-know-this-is-public if that is meant"},
		{"--listen=:0", "add --lan, --tls-cert and --tls-key, --acme, or --behind-proxy"},
		{"--listen=:0 --lan --demo", "would let everyone on the network in"},
	} {
		r := newRunner(t)
		res := r.run(append([]string{"serve"}, strings.Fields(c.args)...)...)
		if res.code != cli.ExitUsage || !strings.Contains(res.stderr, c.want) || r.served != nil {
			t.Errorf("serve %s: exit %d, stderr %q, served %v; want %q", c.args, res.code, res.stderr, r.served, c.want)
		}
	}
}

func TestServe(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, cli.ExitOK},
		{errors.New("port taken"), cli.ExitWrong},
		{fmt.Errorf("commit: %w", cli.ErrFatal), cli.ExitFatal},
	} {
		r := newRunner(t)
		r.serve = c.err
		res := r.run("serve", "--open", "--data=d", "--listen=[::1]:0")
		if res.code != c.code || r.served == nil || r.served.Data != "d" || !r.options.AdminListen {
			t.Errorf("serving ends with %v: exit %d, served %+v", c.err, res.code, r.served)
		}
		if c.err != nil && res.stderr != "syncd: "+c.err.Error()+"\n" {
			t.Errorf("stderr %q", res.stderr)
		}
	}
	r := newRunner(t)
	if r.ok("serve", "--open", "--admin-listen=127.0.0.1:3031"); r.options.AdminListen {
		t.Error("an admin listener that was asked for counts as optional")
	}
	if !r.served.Open || r.served.Gated() {
		t.Error("--open was not passed on")
	}
	if r.ok("serve"); r.served.Open || !r.served.Gated() {
		t.Error("a server serves others than members without --open")
	}
}

func TestHelp(t *testing.T) {
	r := newRunner(t)
	for _, args := range [][]string{{"--help"}, {"serve", "-h"}, {"import", "--help"}} {
		if out := r.ok(args...); !strings.Contains(out, "Usage: syncd") {
			t.Errorf("%v: %q", args, out)
		}
	}
	if res := r.run(); res.code != cli.ExitUsage || !strings.Contains(res.out, "Usage: syncd") {
		t.Errorf("without arguments: exit %d, %q", res.code, res.out)
	}
	if res := r.run("export"); res.code != cli.ExitUsage || !strings.Contains(res.stderr, `Run "syncd export --help"`) {
		t.Errorf("export without a document: exit %d, %q", res.code, res.stderr)
	}
}
