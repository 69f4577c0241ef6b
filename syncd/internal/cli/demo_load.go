package cli

import (
	"fmt"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store"
)

// LoadDemo fills the demo board of a store with posts, as syncd demo does, unless
// it has been filled.
func LoadDemo(s store.Store, posts []byte) error {
	d := demo{store: s, now: time.Now()}
	if err := d.load(posts); err != nil {
		return fmt.Errorf("fill the demo board: %w", err)
	}
	return nil
}
