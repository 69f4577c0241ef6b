package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	kv "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// sweep removes what a kill has left. The directory must be locked.
func sweep(dir string, log *slog.Logger) error {
	if err := sweepLogs(dir, log); err != nil {
		return fmt.Errorf("remove empty logs: %w", err)
	}
	if err := sweepTables(dir, log); err != nil {
		return fmt.Errorf("remove unfinished tables: %w", err)
	}
	return nil
}

// sweepLogs removes logs of zero bytes, of which there is one when the process was
// killed while Badger created or removed it: Badger creates a file first and
// then gives it its size, and cuts a file to nothing before it removes it.
// Neither kind ever holds an acknowledged write, since a flush makes the size
// durable too. Badger refuses to open a directory with such a file, with the
// error "Create a new file" (https://github.com/dgraph-io/badger/issues/2207).
func sweepLogs(dir string, log *slog.Logger) error {
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

// sweepTables removes tables that the manifest does not name: those that were being written,
// or had been replaced, when the process was killed. Badger does so when it opens the
// directory, but first writes to mapped files, and they may have filled the disk.
func sweepTables(dir string, log *slog.Logger) error {
	f, err := os.Open(filepath.Join(dir, kv.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	manifest, _, err := kv.ReplayManifestFile(f, 0, kv.Options{})
	if err != nil {
		return nil // Badger will say so, and removes nothing
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		n, ok := table.ParseFileID(e.Name())
		if _, named := manifest.Tables[n]; !ok || named || e.IsDir() {
			continue
		}
		log.Info("removing a table that a kill left unfinished", "file", e.Name())
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
