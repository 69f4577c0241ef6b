package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type revocationsCmd struct {
	Export revocationsExportCmd `cmd:"" help:"Write the list of devices that were shut out."`
	Import revocationsImportCmd `cmd:"" help:"Shut out the devices of a list, after a restore, and give the store a new storage id."`
}

type revocationsExportCmd struct {
	operatorCmd `embed:""`
	Output      string `short:"o" placeholder:"FILE" help:"Write to FILE (default: standard output)."`
}

func (*revocationsExportCmd) Help() string {
	return "A backup does not know of devices that were shut out after it was made. Keep this list beside it, and import it after a restore, before the server starts."
}

func (c *revocationsExportCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var list api.RevocationList
		if err := o.ask("/v1/revocations", &list); err != nil {
			return err
		}
		if c.Output == "" {
			return a.printJSON(list)
		}
		text, err := json.MarshalIndent(list, "", "  ")
		if err != nil {
			return err
		}
		err = replaceFile(c.Output, func(w io.Writer) error {
			_, err := w.Write(append(text, '\n'))
			return err
		})
		if err != nil {
			return fmt.Errorf("write the list: %w", err)
		}
		_, err = fmt.Fprintf(a.Stderr, "wrote %s\n", plural(int64(len(list.Revocations)), "revocation"))
		return err
	})
}

type revocationsImportCmd struct {
	operatorCmd `embed:""`
	File        string `arg:"" help:"The list; - is standard input."`
}

func (*revocationsImportCmd) Help() string {
	return "Do this after a restore, before the server starts: while one runs the store keeps its storage id. Without a list, see syncd restored."
}

func (c *revocationsImportCmd) Run(a *app) error {
	var text []byte
	var err error
	if c.File == "-" {
		text, err = io.ReadAll(a.Stdin)
	} else {
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return fmt.Errorf("read the list: %w", err)
	}
	var list api.RevocationList
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%s is no list of revocations: %w", c.File, err)
	}
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var done api.Applied
		for some := range slices.Chunk(list.Revocations, api.RevocationsAtOnce) {
			var part api.Applied
			if err := o.tell("/v1/revocations", api.RevocationList{Revocations: some}, &part); err != nil {
				return err
			}
			done.Applied += part.Applied
		}
		storage, err := o.renewStorageID()
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(done)
		}
		_, err = fmt.Fprintf(a.Stderr, "%s in the list, %d of them new\n%s\n", plural(int64(len(list.Revocations)), "revocation"), done.Applied, storage)
		return err
	})
}
