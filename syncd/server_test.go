package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// open starts a Main in this process.
func open(t *testing.T, dir string) *Main {
	t.Helper()
	m := &Main{
		Config: config.Config{
			Store: config.Store{Data: dir}, Listen: "127.0.0.1:0", AdminListen: config.Off, Open: true, ConnectionsMax: 10,
		},
		Logger: slog.New(slog.DiscardHandler),
		Stdout: io.Discard,
	}
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	return m
}

// A store that cannot say whether a write is kept must end the process with a
// code of its own, and not be closed as if all were well.
func TestUnknownOutcomeIsFatal(t *testing.T) {
	m := open(t, t.TempDir())
	if err := m.store.Close(); err != nil { // under the committer, as after a failed flush
		t.Fatal(err)
	}
	c := change(t, "hello")
	a := store.Append{Document: id.NewDocument(), Changes: [][]byte{c.Bytes()}, Heads: []id.ChangeHash{c.Hash}}
	if err := m.committer.Submit(context.Background(), a, func(error) {}); err != nil {
		t.Fatal(err)
	}
	err := m.Run(context.Background())
	if !errors.Is(err, cli.ErrFatal) {
		t.Errorf("got %v, want %v", err, cli.ErrFatal)
	}
	_ = m.Close(context.Background())
}

// Two daemons on one machine share the default admin address: the second does
// without, unless it was told to have that one.
func TestDefaultAdminAddressMayBeTaken(t *testing.T) {
	first := open(t, t.TempDir())
	second := &Main{Config: first.Config, Logger: first.Logger, Stdout: io.Discard}
	second.Config.Data, second.Config.AdminListen = t.TempDir(), first.Addr()
	if err := second.Open(); err == nil || !strings.Contains(err.Error(), "--admin-listen "+first.Addr()) {
		t.Errorf("an address that was chosen: %v", err)
	}
	second.Optional.AdminListen = true
	if err := second.Open(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	if got := second.AdminAddr(); got != config.Off {
		t.Errorf("the admin listener is said to be on %s", got)
	}
	finish(t, first, second)
}

// finish ends what was opened, as a signal would.
func finish(t *testing.T, mains ...*Main) {
	t.Helper()
	for _, m := range mains {
		ended, end := context.WithCancel(context.Background())
		end()
		if err := m.Run(ended); err != nil {
			t.Error(err)
		}
	}
}

// What Open has begun must end again when a later step fails: a second Main on
// the same directory would not open otherwise.
func TestOpenLeavesNothingBehind(t *testing.T) {
	first := open(t, t.TempDir())
	dir := t.TempDir()
	second := &Main{Config: first.Config, Logger: first.Logger, Stdout: io.Discard}
	second.Config.Data, second.Config.Listen = dir, first.Addr()
	if err := second.Open(); err == nil || !strings.Contains(err.Error(), "another program uses this port") {
		t.Errorf("got %v", err)
	}
	third := open(t, dir)
	finish(t, first, third)
}
