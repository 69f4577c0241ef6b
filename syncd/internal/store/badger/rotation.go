package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// rotation notices that Badger has begun a new write-ahead log.
//
// Badger flushes the content of its logs but never the directory that names
// them, so after a power cut a log whose content was flushed might have no
// name. The logs are 00001.mem, 00002.mem, …: one stat a transaction tells
// whether the next one exists, and if so the directory is flushed before the
// transaction in it counts as committed.
type rotation struct {
	dir  string
	last int // the number of the newest log whose name is durable
}

const logSuffix = ".mem"

// newRotation flushes the directory as Open left it.
func newRotation(dir string) (rotation, error) {
	r := rotation{dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), logSuffix)
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil && n > r.last {
			r.last = n
		}
	}
	if r.last == 0 {
		return r, errors.New("badger has no write-ahead log where it is expected")
	}
	return r, syncDir(dir)
}

// settle makes the name of the log durable that the last transaction went to, and
// reports whether there is a new one. The old one becomes a table then.
func (r *rotation) settle() (rotated bool, err error) {
	next := r.last
	for {
		_, err := os.Lstat(filepath.Join(r.dir, fmt.Sprintf("%05d%s", next+1, logSuffix)))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return false, err
		}
		next++
	}
	if next == r.last {
		return false, nil
	}
	if err := syncDir(r.dir); err != nil {
		return false, err
	}
	r.last = next
	return true, nil
}
