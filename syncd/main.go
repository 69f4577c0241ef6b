// Command syncd is Tavle's sync daemon.
//
// This package names every part and connects them: the store, the group commit,
// the hub, the edge, the listeners, and the signals that end them. What each of
// them does is in its own package under internal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/tavle-org/tavle/examples/data"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		_ = relaxTimers() // if it fails, serving takes more processor time
	}
	env := cli.Env{Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(cli.Run(context.Background(), env, cli.Parts{OpenStore: openStore, Serve: serve, DemoPosts: data.Posts}))
}

func openStore(dir string, create bool, logger *slog.Logger) (store.Store, error) {
	if !create {
		// Badger would make a store of any directory.
		_, err := os.Stat(filepath.Join(dir, "MANIFEST"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w in %s; --data names another directory", cli.ErrNoStore, dir)
		}
		if err != nil {
			return nil, fmt.Errorf("look for a store: %w", err)
		}
	}
	return openBadger(badger.Config{Dir: dir, Logger: logger})
}

func openBadger(cfg badger.Config) (*badger.Store, error) {
	s, err := badger.Open(cfg)
	if errors.Is(err, badger.ErrInUse) {
		return nil, fmt.Errorf("the store in %s is in use by another process, surely a running syncd; stop it first", cfg.Dir)
	}
	return s, err
}

// serve runs a Main until a signal or ctx ends it.
func serve(ctx context.Context, cfg config.Config, optional cli.Optional, logger *slog.Logger) error {
	ctx, stop := untilSignal(ctx, logger)
	defer stop()
	m := &Main{Config: cfg, Optional: optional, Logger: logger, Stdout: os.Stdout}
	if err := m.Open(); err != nil {
		return err
	}
	return m.Run(ctx)
}

// untilSignal returns a context that the first SIGTERM or SIGINT ends. The
// second one ends the process: what was told is durable, so nothing is lost.
func untilSignal(ctx context.Context, logger *slog.Logger) (context.Context, func()) {
	// Whoever reads the log or the output may go away; that ends no server.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case s := <-signals:
			logger.Info("stopping", "signal", s.String())
			cancel()
		case <-ctx.Done():
			return
		}
		<-signals
		logger.Warn("stopped at once by a second signal")
		os.Exit(cli.ExitWrong)
	}()
	return ctx, func() {
		cancel()
		signal.Stop(signals)
	}
}
