package cli

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/config"
)

type sessionsCmd struct {
	End sessionsEndCmd `cmd:"" help:"End every session, after the server's secret got into other hands."`
}

type sessionsEndCmd struct {
	config.Store `embed:""`
}

func (*sessionsEndCmd) Help() string {
	return "Each device signs in again with its key, by itself; nobody has to join again. The store must not be in use by a running syncd."
}

func (c *sessionsEndCmd) Run(a *app) error {
	s, err := a.openStore(c.Data, false)
	if err != nil {
		return err
	}
	_, err = api.ReplaceSecret(s)
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("end all sessions: %w", err)
	}
	_, err = fmt.Fprintln(a.Stderr, "all sessions have ended; devices sign in again with their keys")
	return err
}
