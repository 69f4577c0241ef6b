package cli

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	newStorageID  = "the store has a new storage id: devices ask anew what it has of theirs, and send what it lacks"
	keptStorageID = "a server has the store open, so it keeps its storage id; after a restore, stop the server and do this again"
)

// restoredCmd is for a restore without a list of revocations; to import one does the same.
type restoredCmd struct {
	config.Store `embed:""`
}

func (*restoredCmd) Help() string {
	return "Gives the store a new storage id, as syncd revocations import does: by the old one devices take what they sent after the backup for saved. The store must not be in use by a running syncd."
}

func (c *restoredCmd) Run(a *app) error {
	s, err := a.openStore(c.Data, false)
	if err != nil {
		return err
	}
	if err := errors.Join(renewStorageID(s), s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Stderr, newStorageID)
	return err
}

// renewStorageID does so unless a server has the store open, and returns what to say.
func (o *operator) renewStorageID() (string, error) {
	if o.store == nil {
		return keptStorageID, nil
	}
	return newStorageID, renewStorageID(o.store)
}

// renewStorageID gives a store another storage id: HS4.
func renewStorageID(s store.Store) error {
	r, ok := s.(interface{ ResetStorageID() (id.Storage, error) })
	if !ok {
		return errors.New("this store keeps its storage id")
	}
	_, err := r.ResetStorageID()
	return err
}
