package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Stats is what an operator watches. How many documents there are is not in it,
// since counting reads them all.
type Stats struct {
	DiskBytes int64 // what the files of the store take, holes not counted
	FreeBytes int64 // what is left in the file system
	Tables    int   // sorted tables
}

// Stats reads the directory; it takes less than a millisecond.
func (s *Store) Stats() (Stats, error) {
	if err := s.calls.Enter(); err != nil {
		return Stats{}, err
	}
	defer s.calls.Leave()
	var st Stats
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return st, fmt.Errorf("store stats: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // Badger removed it meanwhile
		}
		if err != nil {
			return st, fmt.Errorf("store stats: %w", err)
		}
		st.DiskBytes += allocatedBytes(info)
	}
	if st.FreeBytes, err = s.cfg.freeBytes(s.cfg.Dir); err != nil {
		return st, fmt.Errorf("store stats: %w", err)
	}
	st.Tables = len(s.db.Tables())
	return st, nil
}
