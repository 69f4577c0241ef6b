package badger_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// killRoundsEnv makes TestKill as long as one likes.
const killRoundsEnv = "TAVLE_KILL_ROUNDS"

// A process that appends to eight documents is killed at random moments, again
// and again. The parent keeps a ledger of what was acknowledged; each process
// must go on after it, and in the end all of it must load.
//
// A kill leaves the page cache alone, so this shows that nothing is told before
// it is in a log that is replayed, and that replaying works. That the log was
// flushed is what TestAcknowledgedAfterFlush shows.
func TestKill(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	if more, err := strconv.Atoi(os.Getenv(killRoundsEnv)); err == nil {
		rounds = more
	}
	dir := t.TempDir()
	var ledger [childWriters]int
	for round := range rounds {
		acks := killedChild(t, dir, round%3 == 2, time.Duration(rand.IntN(100))*time.Millisecond)
		seen := ledger
		for line := range strings.Lines(acks) {
			var w, n int
			if !strings.HasPrefix(line, "ack") || !strings.HasSuffix(line, "\n") {
				continue // or the kill hit the write
			}
			if _, err := fmt.Sscanf(line, "ack %d %d\n", &w, &n); err != nil {
				t.Fatalf("round %d: child said %q", round, line)
			}
			// The first ack of a round may skip what was stored but not told.
			if n != seen[w]+1 && (seen[w] != ledger[w] || n <= ledger[w]) {
				t.Fatalf("round %d: document %d goes on at change %d, but %d were acknowledged", round, w, n, ledger[w])
			}
			seen[w] = n
		}
		ledger = seen
	}
	t.Logf("acknowledged changes of each document: %v", ledger)
	checkLedger(t, dir, ledger)
}

// killedChild runs a child, kills it a while after it said its first word or, if
// early, after its start, so perhaps while it recovers, and returns what it said.
func killedChild(t *testing.T, dir string, early bool, after time.Duration) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+childWrites+" "+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewReader(stdout)
	if !early {
		first, _ := lines.ReadString('\n')
		said.WriteString(first)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer timer.Stop()
	io.Copy(&said, lines)
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child ended by itself: %v: %s", err, &stderr)
	}
	return said.String()
}

func checkLedger(t *testing.T, dir string, ledger [childWriters]int) {
	t.Helper()
	s, err := badger.Open(badger.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for w, acked := range ledger {
		changes, _, err := storetest.Load(s, storetest.Document(w))
		if err != nil || len(changes) < acked {
			t.Fatalf("document %d has %d changes of %d acknowledged: %v", w, len(changes), acked, err)
		}
		for i, c := range changes {
			if !bytes.Equal(c, childChange(w, i)) {
				t.Fatalf("document %d: change %d is not what was appended", w, i)
			}
		}
	}
}
