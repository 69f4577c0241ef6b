package mem_test

import (
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestGraphs(t *testing.T) {
	disk := mem.NewDisk()
	storetest.Graphs(t, func() store.Store { return mem.Open(disk) })
}
