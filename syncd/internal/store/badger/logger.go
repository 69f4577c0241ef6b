package badger

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// logger passes on what Badger says. Its information is our detail.
type logger struct {
	to     *slog.Logger
	failed chan struct{} // has room for one; gets something when Badger reports a failure
}

func (l logger) Errorf(f string, a ...any) {
	l.say(slog.LevelError, f, a)
	select {
	case l.failed <- struct{}{}:
	default:
	}
}

func (l logger) Warningf(f string, a ...any) { l.say(slog.LevelWarn, f, a) }
func (l logger) Infof(f string, a ...any)    { l.say(slog.LevelDebug, f, a) }
func (l logger) Debugf(string, ...any)       {}

func (l logger) say(level slog.Level, format string, args []any) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.Log(ctx, level, "badger", "said", strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}
