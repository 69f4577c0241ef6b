package cli

import (
	"io"
	"log/slog"

	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/config"
)

type serveCmd struct {
	config.Config `embed:""`
}

func (*serveCmd) Help() string {
	return `Serves those who belong: "syncd invite" makes the codes with which devices join, and the first start prints a link for whoever sets the server up. Clients connect with a websocket to ws://ADDR/ or ws://ADDR/sync. Once they can, one line "listening on http://ADDR" (or https) is printed. SIGTERM and Ctrl-C end it cleanly.`
}

func (c *serveCmd) Run(a *app) error {
	if err := c.Check(); err != nil {
		return usageError{err}
	}
	logger := newLogger(a.Stderr, c.Log)
	for _, sentence := range a.layers.Strays() {
		logger.Warn(sentence)
	}
	if c.Gated() && api.OpenToOthers(c.Data) {
		logger.Warn("other users of this machine can read the data directory, and with it the secret of all sessions; give it the mode 0700", "data", c.Data)
	}
	return a.parts.Serve(a.ctx, c.Config, Optional{
		AdminListen: a.sources("admin-listen") == config.FromDefault,
	}, logger)
}

func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // one of the enum in the tag
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
