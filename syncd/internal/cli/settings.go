package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/tavle-org/tavle/syncd/internal/config"
)

type configCmd struct {
	config.Config `embed:""`
}

func (*configCmd) Help() string {
	return `Takes the flags of serve, so that "syncd config ..." shows what "syncd serve ..." would use.`
}

func (c *configCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	for _, v := range c.Values() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Key, v.Text, a.sources(v.Key))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	for _, sentence := range a.layers.Strays() {
		fmt.Fprintf(a.Stderr, "syncd: %s\n", sentence)
	}
	return nil
}
