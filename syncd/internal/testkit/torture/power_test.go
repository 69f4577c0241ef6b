package torture

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// inside is set for the test that runs in a mount namespace of its own.
const inside = "TAVLE_POWER_CUTS_INSIDE"

// P1, P2: whatever syncd has told anyone is there after a power cut, at any moment. The
// disk of syncd is one that loses what was not flushed. It is mounted, so this needs root;
// all mounts are in a namespace that ends with the test.
func TestThePowerIsCutAtRandomMoments(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("TAVLE_POWER_CUTS"))
	if n == 0 {
		t.Skip("needs root, FUSE and loop devices: make powercut")
	}
	on, ok := fileSystems[cmp.Or(os.Getenv("TAVLE_POWER_FS"), "ext4")]
	if !ok {
		t.Fatalf("TAVLE_POWER_FS: one of %v", slices.Sorted(maps.Keys(fileSystems)))
	}
	if os.Getenv(inside) == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "0")
		again.Env = append(os.Environ(), inside+"=1", "TAVLE_SYNCD="+binary)
		again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
		again.Stdout, again.Stderr = os.Stdout, os.Stderr
		if err := again.Run(); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	// If this process were the last of its namespace, it would wait at its end for its file
	// system to be written to its disk, which it serves. This one ends when its input does.
	last := exec.Command("cat")
	input, err := last.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := last.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = input.Close() })
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	sum := cuts{}
	for sum.n < n {
		t.Run("disk", func(t *testing.T) { sum.add(cutPower(t, on, rng, min(n-sum.n, cutsOfDisk))) })
		if t.Failed() {
			return
		}
	}
	t.Logf("%d power cuts, %d of them before syncd had started; %d changes told, none lost; %d flushes; %d writes that waited for one when the power was cut; %d tables",
		sum.n, sum.early, sum.told, sum.flushes, sum.lost, sum.tables)
	if sum.told < n || sum.lost < n || sum.tables < 2*sum.n/cutsOfDisk { // a stop makes one of what is in the log; more are of logs that were full
		t.Fatal("the test has tested nothing")
	}
}

// cutsOfDisk is for how many cuts a disk has room.
const cutsOfDisk = 10

// cuts is what a test has done.
type cuts struct{ n, early, told, flushes, lost, tables int }

func (c *cuts) add(d cuts) {
	c.n, c.early, c.told = c.n+d.n, c.early+d.early, c.told+d.told
	c.flushes, c.lost, c.tables = c.flushes+d.flushes, c.lost+d.lost, c.tables+d.tables
}

// cutPower starts a machine n times and cuts its power.
func cutPower(t *testing.T, on fileSystem, rng *rand.Rand, n int) cuts {
	m, ledger, early := newMachine(t, on), newLedger(), 0
	data := filepath.Join(m.root, "data")
	shared := id.NewDocument()
	writers := []*writer{
		{"one", shared, historytest.New("one"), 0},
		{"two", shared, historytest.New("two"), 0},
		{"three", id.NewDocument(), historytest.New("three"), 8 << 10},
		{"four", id.NewDocument(), historytest.New("four"), 64 << 10},
	}
	note := func(doc id.Document, change id.ChangeHash) {
		m.disk.unlessOff(func() { ledger.note(doc, change) })
	}
	for round := range n {
		if rng.IntN(4) == 0 { // it goes again while the machine starts
			m.disk.cutAfter(1+rng.IntN(40), rand.New(rand.NewPCG(rng.Uint64(), 0)))
		}
		d, err := m.start(t, data)
		m.disk.cutAfter(0, nil)
		if m.disk.isOff() {
			if early++; t.Failed() {
				t.Fatal(err) // says where syncd was
			}
		} else if err != nil {
			t.Fatalf("round %d: %v", round, err)
		} else {
			ledger.verify(t, d.addr, round)
			m.disk.cutAfter(1+rng.IntN(1+rng.IntN(2000)), rand.New(rand.NewPCG(rng.Uint64(), 0)))
			var group sync.WaitGroup
			for _, w := range writers {
				own := rand.New(rand.NewPCG(rng.Uint64(), 0))
				group.Go(func() { w.write(d.addr, own, note) })
			}
			select {
			case <-m.disk.off:
			case <-time.After(30 * time.Second):
				t.Fatalf("round %d: nothing is written\n%s", round, d.stderr)
			}
			if rng.IntN(4) == 0 { // the disk has failed, and the machine runs on
				d.ends(t)
			}
			d.kill()
			group.Wait()
		}
		d.kill()
		if err := m.stop(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	d, err := m.start(t, data)
	if err != nil {
		t.Fatal(err)
	}
	ledger.verify(t, d.addr, n)
	d.stop(t)
	check(t, data)
	tables, err := filepath.Glob(filepath.Join(data, "*.sst"))
	if err != nil {
		t.Error(err)
	}
	if err := m.stop(); err != nil {
		t.Error(err)
	}
	return cuts{n, early, ledger.n, m.disk.flushes, m.disk.lost, len(tables)}
}

// noise is text of so many characters.
func noise(rng *rand.Rand, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	var b strings.Builder
	for range n {
		b.WriteByte(letters[rng.IntN(len(letters))])
	}
	return b.String()
}
