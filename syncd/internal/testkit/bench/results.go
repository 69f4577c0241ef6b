package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// The table is written between these lines; what stands around them is kept.
const (
	tableBegins = "<!-- table: written by make bench -->"
	tableEnds   = "<!-- end of the table -->"
)

// write puts the table into the file, and a plot beside it.
func (t *table) write(file, about string) error {
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	head, rest, _ := strings.Cut(string(old), tableBegins)
	_, tail, _ := strings.Cut(rest, tableEnds)
	text := fmt.Sprintf("%s%s\n\n%s\n%s\n%s%s", head, tableBegins, about, t.markdown(), tableEnds, tail)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(file, filepath.Ext(file))+".svg", []byte(t.plot()), 0o644)
}

// machine says what this is measured on, and what else it has to do.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info); m != nil {
			model = string(m[1])
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	average, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%d cores of %s, Linux %s; load average before the run %s.", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), average)
}

// versions are those of what is measured.
func (o options) versions() string {
	said := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			return "unknown"
		}
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return strings.Join(strings.Fields(line), " ")
	}
	list := []string{said(o.syncd, "version"), "node " + said("node", "--version")}
	for _, name := range []string{"@automerge/automerge-repo", "@automerge/automerge", "@hocuspocus/server", "y-websocket", "y-leveldb", "yjs"} {
		var p struct{ Version string }
		if data, err := os.ReadFile(filepath.Join(o.dir, "node_modules", name, "package.json")); err == nil && json.Unmarshal(data, &p) == nil {
			list = append(list, name+" "+p.Version)
		}
	}
	return "Versions: " + strings.Join(list, ", ") + "."
}
