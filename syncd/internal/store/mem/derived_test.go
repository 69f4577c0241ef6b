package mem_test

import (
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestSnapshots(t *testing.T) {
	disk := mem.NewDisk()
	storetest.Snapshots(t, func() store.Store { return mem.Open(disk) })
}

func TestIndexes(t *testing.T) {
	disk := mem.NewDisk()
	storetest.Indexes(t, func() store.Store { return mem.Open(disk) })
}
