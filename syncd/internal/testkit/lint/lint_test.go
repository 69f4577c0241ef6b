package lint

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// arrows is the architecture: which package may import which of ours. It is a
// statement of policy. Do not add to it to make a build pass; a new arrow is a
// change of architecture, with a decision of its own in syncd/docs/decisions.
//
// A name ending in /... stands for a folder and all below it; * is everything.
// Test files are free, except that nothing but crdt/internal/core may import
// the engine.
const arrows = `
	# what both ends must agree on
	crdt/id                 →
	crdt/wire               → crdt/id
	crdt/chunk              → crdt/id
	crdt/history            → crdt/chunk crdt/id
	crdt/history/historytest → crdt/history crdt/chunk crdt/id
	crdt/exchange           → crdt/history crdt/chunk crdt/id
	crdt/board              → crdt/history crdt/chunk crdt/id
	crdt/board/rights       → crdt/board crdt/chunk crdt/history crdt/id
	crdt/internal/core      → crdt/id
	crdt                    → crdt/board crdt/history crdt/chunk crdt/id crdt/internal/core
	crdt/crdttest           → crdt crdt/exchange crdt/history crdt/chunk crdt/id crdt/internal/core

	# the daemon, in the order a message passes through it
	syncd/internal/edge     → syncd/internal/gate crdt/wire crdt/id
	syncd/internal/gate     → crdt/board crdt/board/rights crdt/history crdt/chunk crdt/id
	syncd/internal/hub      → crdt/board/rights crdt/history crdt/chunk syncd/internal/gate syncd/internal/replica syncd/internal/store syncd/internal/store/groupcommit crdt/wire crdt/id
	syncd/internal/replica  → crdt/board/rights crdt/exchange crdt/history crdt/chunk crdt/wire crdt/id
	syncd/internal/store    → crdt/id
	syncd/internal/store/groupcommit → syncd/internal/store crdt/id
	syncd/internal/store/badger      → syncd/internal/store crdt/id
	syncd/internal/store/mem         → syncd/internal/store crdt/id
	syncd/internal/store/storetest   → syncd/internal/store crdt/id
	syncd/internal/store/faultstore  → syncd/internal/store syncd/internal/store/mem crdt/id
	syncd/internal/webapp   →
	syncd/internal/auth     →
	syncd/internal/registry → syncd/internal/auth syncd/internal/gate syncd/internal/store crdt/board crdt/board/rights crdt/id
	syncd/internal/api      → syncd/internal/auth syncd/internal/gate syncd/internal/registry syncd/internal/store crdt/board/rights crdt/id
	syncd/internal/api/founding → syncd/internal/registry syncd/internal/store crdt/board crdt/history crdt/id
	syncd/internal/tlsconfig →
	syncd/internal/admin    → syncd/internal/hub syncd/internal/store

	# around it
	syncd                   → *
	syncd/internal/config   → crdt/id
	syncd/internal/cli      → syncd/internal/... crdt/board crdt/history crdt/chunk crdt/wire crdt/id
	syncd/internal/testkit/lint      →
	syncd/internal/testkit/torture   →
	syncd/internal/testkit/simnet    → syncd/internal/... crdt/exchange crdt/history crdt/chunk crdt/wire crdt/id

	# users of it
	client-sdk/go/...       → client-sdk/go/... crdt/...
	examples/...            → client-sdk/go/...
`

// pure packages start no goroutine, read no clock, and know neither files nor
// sockets, so that a test can drive every step of them.
const pure = `crdt/chunk crdt/history crdt/exchange crdt/wire crdt/board crdt/board/rights syncd/internal/gate syncd/internal/replica`

// fence is the only package that may import cgo or the Automerge engine; what
// stands below one of cgoFree must not reach either.
const (
	fence   = "crdt/internal/core"
	cgoFree = "syncd/..."
)

func TestArchitecture(t *testing.T) {
	tree := load(t, ".")
	if len(tree.Packages) < 4 {
		t.Fatalf("only %d packages found", len(tree.Packages))
	}
	table, err := ParseArrows(arrows)
	if err != nil {
		t.Fatal(err)
	}
	findings := style(tree)
	findings["arrows"] = tree.Arrows(table)
	findings["cgo"] = tree.Cgo(fence, cgoFree)
	findings["pure"] = tree.Pure(strings.Fields(pure))
	report(t, findings)
}

// The load generator is a module of its own, which requires nothing of ours: what it
// finds out about syncd it finds out as any client does.
func TestLoadGenerator(t *testing.T) {
	report(t, style(load(t, "syncd/internal/testkit/bench")))
}

// load loads the module in a folder of the project.
func load(t *testing.T, dir string) *Tree {
	t.Helper()
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Load(filepath.Join(filepath.Dir(strings.TrimSpace(string(gomod))), dir))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// style is what is wrong by the rules that hold everywhere.
func style(tree *Tree) map[string][]string {
	return map[string][]string{
		"package comments": tree.Comments(),
		"file sizes":       tree.Sizes(),
		"unfinished work":  tree.Unfinished(),
	}
}

func report(t *testing.T, findings map[string][]string) {
	for name, all := range findings {
		t.Run(name, func(t *testing.T) {
			for _, f := range all {
				t.Error(f)
			}
		})
	}
}
