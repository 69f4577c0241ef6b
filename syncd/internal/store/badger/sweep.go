package badger

import (
	"log/slog"
	"os"
	"path/filepath"
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
