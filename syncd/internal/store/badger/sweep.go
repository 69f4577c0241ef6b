package badger

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	kv "github.com/dgraph-io/badger/v4"
)

// sweep removes logs of zero bytes, of which there is one when the process was
// killed while Badger created or removed it: Badger creates a file first and
// then gives it its size, and cuts a file to nothing before it removes it.
// Neither kind ever holds an acknowledged write, since a flush makes the size
// durable too. Badger refuses to open a directory with such a file, with the
// error "Create a new file" (https://github.com/dgraph-io/badger/issues/2207).
//
// The directory must be locked.
func sweep(dir string, log *slog.Logger) error {
	for _, pattern := range []string{"*.mem", "*.vlog"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			info, err := os.Lstat(name)
			if err != nil {
				return err
			}
			if info.Size() > 0 {
				continue
			}
			log.Info("removing a log that a kill left empty", "file", filepath.Base(name))
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleLargerLogs makes tables of logs that were written with a larger MemTableSize, as
// a killed process of another version may have left them. Badger reads each log into one
// table in memory of today's size, and ends the process if that is too small. Ours begin
// with logBytes, and have less than memTableBytes and one transaction when Badger has cut
// them to what is in them.
func settleLargerLogs(cfg Config) error {
	names, err := filepath.Glob(filepath.Join(cfg.Dir, "*"+logSuffix))
	if err != nil {
		return err
	}
	largest := int64(0)
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		if info.Size() != logBytes {
			largest = max(largest, info.Size())
		}
	}
	if largest <= memTableBytes {
		return nil
	}
	cfg.Logger.Info("making tables of logs that are larger than this version's")
	o := settings(cfg)
	o.MemTableSize = largest
	o.CompactL0OnClose = false // that is for later
	db, err := kv.Open(o)
	if err != nil {
		return err
	}
	if err := closeSoon(db); err != nil {
		return fmt.Errorf("make tables of larger logs: %w", err)
	}
	return nil
}
