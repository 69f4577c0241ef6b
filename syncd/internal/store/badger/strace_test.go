//go:build linux

package badger_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The kernel is asked what the process did: between saying "append" and saying
// "ack" an msync of the write-ahead log has begun and returned success; and once
// a new log was created its directory was flushed before anything in it was
// acknowledged. The child has one writer, so no flush is that of another append.
func TestAcknowledgedAfterFlush(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, so that acks wait for the flush is not shown here")
	}
	dir := filepath.Join(t.TempDir(), "store")
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-y", "-s", "64", "-o", trace,
		"-e", "trace=openat,mmap,msync,fsync,write", os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+childRotates+" "+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("ptrace")) {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("child: %v: %s", err, out)
	}
	raw, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	flushes := flushes{t: t, dir: dir, logs: make(map[string]string)}
	for _, call := range calls(string(raw)) {
		flushes.next(call)
	}
	if flushes.acks < childRotatesAppends || flushes.created < 3 {
		t.Fatalf("the trace shows %d acks and %d logs, too few to say anything", flushes.acks, flushes.created)
	}
	t.Logf("%d acks, each after a flush; %d logs, each name flushed", flushes.acks, flushes.created)
}

// flushes follows what is flushed between acknowledgements.
type flushes struct {
	t       *testing.T
	dir     string
	logs    map[string]string // the file mapped at an address
	newest  string            // the log that was created last
	created int
	acks    int

	flushed   bool // the newest log, since the append began
	nameSaved bool // the directory, since the newest log was created
}

var (
	createCall = regexp.MustCompile(`^openat\(.*"([^"]*\.mem)", [^)]*O_CREAT.* = \d+<`)
	mapCall    = regexp.MustCompile(`^mmap\(.*MAP_SHARED, \d+<([^>]*\.mem)>.* = (0x[0-9a-f]+)$`)
	msyncCall  = regexp.MustCompile(`^msync\((0x[0-9a-f]+), \d+, MS_SYNC\) += 0$`)
	fsyncCall  = regexp.MustCompile(`^fsync\(\d+<([^>]*)>\) += 0$`)
	appendCall = regexp.MustCompile(`^write\(1<[^>]*>, "append `)
	ackCall    = regexp.MustCompile(`^write\(1<[^>]*>, "(ack [^"]*)\\n"`)
)

func (f *flushes) next(call string) {
	if m := createCall.FindStringSubmatch(call); m != nil {
		f.newest, f.flushed, f.nameSaved = m[1], false, false
		f.created++
	} else if m := mapCall.FindStringSubmatch(call); m != nil {
		f.logs[m[2]] = m[1]
	} else if m := msyncCall.FindStringSubmatch(call); m != nil {
		f.flushed = f.flushed || f.logs[m[1]] == f.newest
	} else if m := fsyncCall.FindStringSubmatch(call); m != nil {
		f.nameSaved = f.nameSaved || m[1] == f.dir
	} else if appendCall.MatchString(call) {
		f.flushed = false
	} else if m := ackCall.FindStringSubmatch(call); m != nil {
		if !f.flushed {
			f.t.Fatalf("%q was written before %s was flushed", m[1], filepath.Base(f.newest))
		}
		if !f.nameSaved {
			f.t.Fatalf("%q was written before the name of %s was flushed", m[1], filepath.Base(f.newest))
		}
		f.acks++
	}
}

// calls returns the system calls of a trace in an order that cannot flatter: a
// flush counts when it has returned, a write when it has begun. A flush that was
// under way while the child wrote is left out, since it may have begun before
// the append.
func calls(trace string) []string {
	var done []string
	begun := make(map[string]string) // of each thread, the unfinished call
	for line := range strings.Lines(trace) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		switch {
		case strings.HasSuffix(call, "<unfinished ...>"):
			call = strings.TrimSpace(strings.TrimSuffix(call, "<unfinished ...>"))
			if strings.HasPrefix(call, "write(1<") {
				done = append(done, call)
				dropFlushes(begun)
				continue
			}
			begun[thread] = call
		case strings.HasPrefix(call, "<... "):
			_, rest, _ := strings.Cut(call, "resumed>")
			if start, ok := begun[thread]; ok {
				done = append(done, start+rest)
				delete(begun, thread)
			}
		default:
			if strings.HasPrefix(call, "write(1<") {
				dropFlushes(begun)
			}
			done = append(done, call)
		}
	}
	return done
}

func dropFlushes(begun map[string]string) {
	for thread, call := range begun {
		if strings.HasPrefix(call, "msync(") || strings.HasPrefix(call, "fsync(") {
			delete(begun, thread)
		}
	}
}
