package badger

import (
	"fmt"
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
	level0TablesMax   = 12 // with more, merging them needs too much free space
	level0Part        = 8  // of the rest they have at least this part
	level0TablesStall = 60 // with so many, writing waits until they are merged

	compactionRetry = 10 * time.Second

	// compactionFreeBytes is the free space beside that for copies of the tables. With
	// level0TablesMax it is less than FreeBytesMinDefault, where Commit has refused already.
	compactionFreeBytes = 96 << 20
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
	work    sync.WaitGroup
	stop    chan struct{} // closed by endCompaction
}

// endCompaction waits until nothing is merged any more.
func (s *Store) endCompaction() {
	close(s.compaction.stop)
	if s.compaction.running.Load() {
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

// spaceToCompact tells whether there is room for copies of all tables above the last
// level. Badger writes them to mapped files, and without space that is no error but a
// SIGBUS.
func (s *Store) spaceToCompact() error {
	need := int64(compactionFreeBytes)
	for _, l := range s.db.Levels()[:s.db.Opts().MaxLevels-1] {
		need += l.Size
	}
	free, err := freeBytes(s.cfg.Dir)
	if err == nil && free < need {
		err = fmt.Errorf("%d MiB free, and %d are needed: %w", free>>20, need>>20, store.ErrFull)
	}
	return err
}

// compact merges tables until there is no more reason. What fails is tried again: nobody
// can write any more at some point if it fails for good.
func (s *Store) compact() {
	for compactionDue(s.db.Levels()) {
		begin := time.Now()
		wait := time.Duration(0)
		err := s.spaceToCompact()
		if err == nil {
			err = s.db.Flatten(1)
		}
		if err != nil {
			wait = compactionRetry
			s.log.Warn("tables could not be merged, which is tried again", "after", wait, "err", err)
		} else {
			s.log.Debug("tables were merged", "elapsed", time.Since(begin))
		}
		select {
		case <-s.compaction.stop:
			return
		case <-time.After(wait):
		}
	}
}
