package badger_test

import (
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		cfg := badger.Config{Dir: t.TempDir()}
		return func() (store.Store, error) { return badger.Open(cfg) }
	})
}
