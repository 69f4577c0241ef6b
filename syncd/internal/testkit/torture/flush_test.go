package torture

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// kill -9 leaves what the kernel has, flushed or not, so it cannot show that an
// acknowledgement waits for the flush. The system calls can.
func TestTheAcknowledgementLeavesAfterTheFlush(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: apt-get install strace")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	d := start(t, t.TempDir(), strace, "-f", "-qq", "-s", "96", "-e", "trace=msync,fsync,fdatasync,write,writev,sendto", "-o", trace)
	copy := historytest.New("writer")
	c, err := dial(d.addr, "writer", id.NewDocument(), copy, func(id.Document, id.ChangeHash) {})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		before := settle(t, trace)
		change := copy.Put("key", "value")
		if err := c.say(); err != nil {
			t.Fatal(err)
		}
		for {
			heads, err := c.hear()
			if err != nil {
				t.Fatal(err)
			}
			if len(heads) == 1 && heads[0] == change.Hash {
				break
			}
		}
		settle(t, trace)
		if i == 0 {
			continue // the two ends tell each other what they have first
		}
		after := lines(t, trace)[before:]
		flushed := false
		told := false
		for _, line := range after {
			flushed = flushed || flush.MatchString(line)
			if ack.MatchString(line) {
				told = true
				break
			}
		}
		if !told {
			t.Fatalf("the trace shows no acknowledgement:\n%s", strings.Join(after, "\n"))
		}
		if !flushed {
			t.Fatalf("the acknowledgement left before a flush:\n%s", strings.Join(after, "\n"))
		}
	}
}

var (
	flush = regexp.MustCompile(`(msync|fsync|fdatasync)(\(| resumed>).* = 0`)
	ack   = regexp.MustCompile(`(write|writev|sendto)\(.*sync.*documentId`)
)

// settle waits until the trace stops growing and returns its number of lines.
func settle(t *testing.T, trace string) int {
	t.Helper()
	for n := -1; ; time.Sleep(100 * time.Millisecond) {
		if now := len(lines(t, trace)); now == n {
			return n
		} else {
			n = now
		}
	}
}

func lines(t *testing.T, trace string) []string {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
