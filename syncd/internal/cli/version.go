package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
)

type versionCmd struct{}

func (c *versionCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	version, commit := build()
	fmt.Fprintf(w, "syncd\t%s\n", version)
	fmt.Fprintf(w, "commit\t%s\n", commit)
	fmt.Fprintf(w, "go\t%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(w, "protocol\tautomerge-repo 1\n")
	fmt.Fprintf(w, "files\tautomerge binary format 1\n")
	return w.Flush()
}

// build tells the version and the commit that the binary was built from, as
// far as the toolchain recorded them.
func build() (version, commit string) {
	version, commit = "(development)", "(not recorded)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = v
	}
	changed := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = ", with changes"
			}
		}
	}
	return version, commit + changed
}
