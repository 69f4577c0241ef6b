// Package badger keeps documents on a disk, in a Badger key-value store.
//
// It promises the law of package store on Linux: a nil from Commit means that
// the write-ahead log has been flushed with msync and that the log's directory
// entry has been flushed too. On other systems a killed process loses nothing,
// but a power cut may (msync does nothing on Windows and does not reach the
// platter on macOS); see docs/decisions/0001-badger-durability.md.
//
// It never keeps an open document in memory, never compacts history and never
// repairs: what it cannot read it names with store.ErrCorrupt. One process owns
// a directory at a time. FORMAT.md describes the keys and values; record.go, lean.go,
// meta.go, author.go and named.go are their code.
//
// # Settings
//
//	SyncWrites          true      Commit is the promise. One transaction a batch, since
//	                              Badger flushes once for each, also when many are waiting.
//	NumVersionsToKeep   1         the past of a document is in its changes
//	DetectConflicts     false     commitMu makes all writers one
//	MemTableSize        8 MiB     bounds memory: a table costs its size twice (skip list and
//	                              mapped log), and what was written last stays in the skip list
//	                              (see logPagesKept). 15 % of it bounds a transaction: 1.2 MiB.
//	                              With 4 MiB a busy server has up to 8 MiB less, but the largest
//	                              refused change does not fit one PutRecords, and Badger ends the
//	                              process when it reads a log of larger tables, which a killed
//	                              process may have left
//	NumMemtables        2         what may wait for its flush to a table
//	ValueThreshold      1 MiB     parts of at most 512 KiB stay in the tables, so the value log
//	                              stays empty: a failed flush of it is only logged by Badger
//	ValueLogFileSize    16 MiB    mapped twice its size, flushed with every transaction
//	Compression         none      values are compressed already, with zstd
//	BlockCacheSize      0         nothing to decompress, so the page cache is the cache
//	IndexCacheSize      0         the indexes of plain tables are read from the mapped file
//	NumCompactors       0         they look for work 40 times a second; see compaction.go
//	NumLevelZeroTablesStall 1 Mi  Badger would wait for compaction without an end, while it is put
//	                              off; see awaitTables
//	CompactL0OnClose    false     it would not ask whether there is room; Open compacts what is due
//	VerifyValueChecksum true      for values in the value log, of which there are none
//	ChecksumVerification none     see FORMAT.md: each record and description has its own, and
//	                              Badger answers "not found" for a block that fails its sum, also
//	                              while compacting, which would turn one bad bit into a lost table
//	MetricsEnabled      false     Stats says what operators need
package badger

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	kv "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	memTableBytes     = 8 << 20
	memTables         = 2
	valueLogFileBytes = 16 << 20

	// openFreeBytesMin is the free space below which Open refuses. Opening
	// writes up to memTables+1 tables, to a mapped file: without space that is
	// not an error but a SIGBUS.
	openFreeBytesMin = 64 << 20

	// logPagesKept is for how long what was written to the log stays in memory: it is
	// mapped, and nobody reads it before the store is opened again.
	logPagesKept = 5 * time.Second

	// patience is for how long Badger may write its tables when an opening has failed.
	patience = 20 * time.Second

	// FreeBytesMinDefault is the default of Config.FreeBytesMin.
	FreeBytesMinDefault = 256 << 20
)

// ErrInUse is returned by Open for a directory that another store has open, in
// this process or in another.
var ErrInUse = errors.New("another process has this store open")

// Config says where the store is and when it stops writing.
type Config struct {
	// Dir holds nothing but this store. It is created if it does not exist.
	Dir string

	// FreeBytesMin is the free space of the file system below which Commit
	// returns store.ErrFull, and PutRecords of more than 64 KiB does; small ones
	// go on to half of it; 0 means FreeBytesMinDefault. Badger needs space of
	// its own to move what it has accepted into tables, and kills the process
	// with SIGBUS when it finds none. To merge tables takes as much as they have
	// beside that; where it is not free they wait, and when too many do Commit
	// returns store.ErrFull as well.
	FreeBytesMin int64

	// Logger hears of what Badger does and of failures. Nil means silence.
	Logger *slog.Logger

	// freeBytes is freeBytes but in tests.
	freeBytes func(dir string) (int64, error)
}

// Store is a store.Store on a disk.
type Store struct {
	// Immutable after Open.
	cfg     Config
	db      *kv.DB
	log     *slog.Logger
	codec   *codec
	calls   store.Calls
	storage atomic.Pointer[id.Storage]

	decoded decoded

	compaction compaction

	// unknown is set when the outcome of a write is unknown.
	unknown atomic.Bool

	// dropping is set while it is certain that the pages of the log will be dropped.
	dropping atomic.Bool

	// mergeMu is held while a run of records is merged, and taken before commitMu.
	mergeMu sync.Mutex

	// commitMu is held for the whole of a Commit or PutRecords.
	commitMu sync.Mutex
	rotation rotation // guarded by commitMu
	format   uint16   // guarded by commitMu; what the format record says
}

var _ store.Store = (*Store)(nil)

// Open opens or creates the store in cfg.Dir. It fails with ErrInUse if another
// store has it open, with ErrFormat if a newer version or something else wrote
// it, and with store.ErrFull if there is no space to open it safely.
func Open(cfg Config) (*Store, error) {
	if cfg.FreeBytesMin == 0 {
		cfg.FreeBytesMin = FreeBytesMinDefault
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.freeBytes == nil {
		cfg.freeBytes = freeBytes
	}
	s, err := open(cfg)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", cfg.Dir, err)
	}
	return s, nil
}

func open(cfg Config) (*Store, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	err = sweep(dir, cfg.Logger)
	unlock() // Badger locks it again
	if err != nil {
		return nil, err
	}
	free, err := cfg.freeBytes(dir)
	if err != nil {
		return nil, fmt.Errorf("ask for free space: %w", err)
	}
	if free < openFreeBytesMin {
		return nil, fmt.Errorf("%d MiB free, opening needs %d: %w", free>>20, openFreeBytesMin>>20, store.ErrFull)
	}
	db, err := openWithin(settings(cfg), patience)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, db: db, log: cfg.Logger, codec: newCodec(), compaction: compaction{stop: make(chan struct{})}}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, closeWithin(db, patience))
	}
	return s, nil
}

// openWithin opens a database, but does not wait for a disk that fails meanwhile: before Badger
// says that it cannot open one, it tries to write its tables, again and again. It has
// so long from the first failure that it reports.
func openWithin(o kv.Options, patience time.Duration) (*kv.DB, error) {
	type outcome struct {
		db  *kv.DB
		err error
	}
	opened := make(chan outcome, 1)
	go func() {
		db, err := kv.Open(o)
		opened <- outcome{db, err}
	}()
	select {
	case is := <-opened:
		return is.db, is.err
	case <-o.Logger.(logger).failed:
	}
	select {
	case is := <-opened:
		return is.db, is.err
	case <-time.After(patience):
		return nil, fmt.Errorf("nothing could be written for %v; the log says what failed", patience)
	}
}

// closeWithin closes a database that syncd has not started with, but does not wait for a disk
// that fails: Badger tries to write its tables again and again, and nobody would hear why
// syncd does not start.
func closeWithin(db *kv.DB, patience time.Duration) error {
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(patience):
		return fmt.Errorf("nothing could be written for %v", patience)
	}
}

// begin makes the opened files durable and reads or writes the format record.
func (s *Store) begin() error {
	rotation, err := newRotation(s.cfg.Dir)
	if err != nil {
		return err
	}
	s.rotation = rotation
	storage, err := s.readFormat()
	if err != nil {
		return err
	}
	s.storage.Store(&storage)
	s.compaction.room.Store(math.MaxInt64)
	s.compactIfDue()
	return nil
}

func settings(cfg Config) kv.Options {
	o := kv.DefaultOptions(cfg.Dir)
	o.SyncWrites = true
	o.NumVersionsToKeep = 1
	o.DetectConflicts = false
	o.MemTableSize = memTableBytes
	o.NumMemtables = memTables
	o.ValueThreshold = 1 << 20
	o.ValueLogFileSize = valueLogFileBytes
	o.Compression = options.None
	o.BlockCacheSize = 0
	o.IndexCacheSize = 0
	o.NumCompactors = 0
	o.NumLevelZeroTablesStall = 1 << 20
	o.CompactL0OnClose = false
	o.VerifyValueChecksum = true
	o.ChecksumVerificationMode = options.NoVerification
	o.MetricsEnabled = false
	o.Logger = logger{cfg.Logger, make(chan struct{}, 1)}
	return o
}

// makeDir creates dir if there is none, and makes its name durable.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// StorageID implements store.Store.
func (s *Store) StorageID() id.Storage { return *s.storage.Load() }

// Close implements store.Store. After store.ErrUnknownOutcome it leaves the
// files alone: the process ends, and the next opening decides.
func (s *Store) Close() error {
	first := s.calls.Refuse()
	s.calls.Wait()
	if !first || s.unknown.Load() {
		return nil
	}
	s.endCompaction()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", s.cfg.Dir, err)
	}
	return nil
}
