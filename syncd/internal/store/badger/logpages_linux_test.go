package badger

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// logPages returns how many bytes of the logs of a store in dir are in memory.
func logPages(t *testing.T, dir string) (n int) {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	log := false
	for line := range strings.Lines(string(smaps)) {
		if fields := strings.Fields(line); strings.Contains(fields[0], "-") {
			log = strings.HasPrefix(fields[len(fields)-1], dir) && strings.HasSuffix(line, logSuffix+"\n")
		} else if log && fields[0] == "Rss:" {
			kib := 0
			if _, err := fmt.Sscan(fields[1], &kib); err != nil {
				t.Fatal(err)
			}
			n += kib << 10
		}
	}
	return n
}

// What was written takes no memory a while later, and is still there.
func TestTheLogLeavesMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var in unix.Statfs_t
	if err := unix.Statfs(dir, &in); err != nil {
		t.Fatal(err)
	}
	if in.Type == unix.TMPFS_MAGIC {
		t.Skip("these files are memory")
	}
	s := mustOpen(t, dir)
	doc := storetest.Document(1)
	changes := storetest.Changes(doc, 0, 20, 512<<10)
	written, dropped := 0, 0
	for ; dropped < 2 && written < len(changes); written++ {
		mustCommit(t, s, store.Append{
			Document: doc, First: written, Changes: changes[written : written+1], Heads: storetest.Heads(written, 1),
		})
		if logPages(t, dir) < 128<<10 {
			continue // another store of this process has just dropped them
		}
		for began := time.Now(); logPages(t, dir) > 64<<10; time.Sleep(100 * time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatalf("%d KiB are still in memory", logPages(t, dir)>>10)
			}
		}
		dropped++
	}
	if dropped < 2 {
		t.Fatal("the log is not found in memory when it is there")
	}
	for range 2 {
		got, _, err := storetest.Load(s, doc)
		if err != nil || !slices.EqualFunc(got, changes[:written], bytes.Equal) {
			t.Fatalf("%d changes, %v", len(got), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, dir)
	}
}
