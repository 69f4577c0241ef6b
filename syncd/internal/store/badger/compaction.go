package badger

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/syncd/internal/store"
)

// When tables are merged. A table of level 0 is what was written to one log, 8 MiB or
// less; it may hold any key, so that every look-up asks all of them. They are merged with
// the rest, which is sorted, once there is enough of them for it to be worth while.
const (
	level0TablesMin   = 6  // with fewer, Badger sees no reason
	level0TablesMax   = 12 // with more, every look-up asks too many
	level0Part        = 8  // of the rest they have at least this part
	level0TablesStall = 60 // with so many, writing waits until they are merged

	compactionRetry = 10 * time.Second
	stallRetry      = 10 * time.Millisecond

	// compactionFreeBytes is the free space beside that for copies of the tables: for the
	// logs that were begun, which become tables meanwhile.
	compactionFreeBytes = 96 << 20

	// logBytesMax is what a log has at most when the next one is begun: it may be over
	// memTableBytes by one transaction.
	logBytesMax = memTableBytes + 2*txnBytesMax
)

// compaction merges tables when there is a reason.
//
// Badger's own compactors look for one every 50 ms each, and take two at least: that made
// three quarters of the wake-ups of a quiet server, 7.6 ms of processor time a second
// where 0.3 are left, a quarter of all in a fan-out to 50 peers, and a tenth in one to 200.
// But a table is new only after 8 MiB have been written, and Commit notices that anyway
// (see rotation). So it looks then, and the work is that of Badger's Flatten. It leaves one
// sorted level, where Badger would have kept up to six, each ten times the last: less
// to look through and on disk, and more to write. While a store grows, what is written
// by merging is up to ten times what is added; in one of more than 800 MB, where
// level0TablesMax decides, the whole store for each 100 MB. A board takes a few
// hundred kilobytes a month. 480 MB of noise written in one go: 17 s, of which the slowest
// commit in a hundred took 36 ms, and 14 s and 29 ms with the compactors.
//
// Flatten cannot be interrupted, and Close waits for it: 5 s after these 480 MB. Killed,
// it leaves what was there.
type compaction struct {
	running atomic.Bool
	putOff  atomic.Bool  // the last attempt has failed, mostly since there was no room
	room    atomic.Int64 // bytes that may be written until the tables are merged
	work    sync.WaitGroup
	stop    chan struct{} // closed by endCompaction
}

// endCompaction waits until nothing is merged any more.
func (s *Store) endCompaction() {
	close(s.compaction.stop)
	if s.compaction.running.Load() && !s.compaction.putOff.Load() {
		s.log.Info("closing the store waits until tables are merged")
	}
	s.compaction.work.Wait()
}

// compactionDue tells whether tables shall be merged.
func compactionDue(levels []kv.LevelInfo) bool {
	first, rest := levels[0], int64(0)
	for _, l := range levels[1:] {
		rest += l.Size
	}
	return first.NumTables >= level0TablesMin && (first.Size >= rest/level0Part || first.NumTables >= level0TablesMax)
}

// compactIfDue begins to merge tables, if there is a reason and it is not done already.
// It is called by Open, and when a log has become a table.
func (s *Store) compactIfDue() {
	if !compactionDue(s.db.Levels()) || !s.compaction.running.CompareAndSwap(false, true) {
		return
	}
	s.compaction.work.Go(func() {
		defer s.compaction.running.Store(false)
		s.compact()
	})
}

// compactionBytes is what merging may write before it removes anything. A table that is
// moved down is written anew with all of the next level that its keys overlap, and the
// last of them may overlap everything that has come there before.
func compactionBytes(levels []kv.LevelInfo) (n int64) {
	for _, l := range levels {
		n += l.Size
	}
	return n
}

// spaceToCompact returns an error if there is no room for copies of all tables beside what
// Commit keeps free, and otherwise how many bytes may be written while they are merged.
// Badger writes them to mapped files, and without space that is no error but a SIGBUS.
func (s *Store) spaceToCompact() (room int64, err error) {
	free, err := s.cfg.freeBytes(s.cfg.Dir)
	if err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	copies := compactionBytes(s.db.Levels())
	return free - copies - compactionFreeBytes, enough(free, copies+max(compactionFreeBytes, s.cfg.FreeBytesMin))
}

// awaitTables waits while there are too many tables of level 0, or returns store.ErrFull
// where that has no end: their merging is put off. It also does so when the space is
// spoken for that so many bytes would take, by merging that is under way.
func (s *Store) awaitTables(bytes int64) error {
	for s.db.Levels()[0].NumTables >= level0TablesStall {
		s.compactIfDue()
		if s.compaction.putOff.Load() {
			return fmt.Errorf("%d tables wait to be merged: %w", level0TablesStall, store.ErrFull)
		}
		time.Sleep(stallRetry)
	}
	return enough(s.compaction.room.Load(), bytes)
}

// compact merges tables until there is no more reason. What fails is tried again: until
// then awaitTables refuses at some point.
func (s *Store) compact() {
	for compactionDue(s.db.Levels()) {
		wait := time.Duration(0)
		if err := s.mergeTables(); err != nil {
			wait = compactionRetry
			if !s.compaction.putOff.Swap(true) {
				s.log.Warn("tables could not be merged, which is tried again", "after", wait, "err", err)
			}
		}
		select {
		case <-s.compaction.stop:
			return
		case <-time.After(wait):
		}
	}
}

func (s *Store) mergeTables() error {
	begin := time.Now()
	room, err := s.spaceToCompact()
	if err != nil {
		return err
	}
	s.compaction.putOff.Store(false)
	s.compaction.room.Store(room)
	defer s.compaction.room.Store(math.MaxInt64)
	if err := s.db.Flatten(1); err != nil {
		return err
	}
	s.log.Debug("tables were merged", "elapsed", time.Since(begin))
	return nil
}
