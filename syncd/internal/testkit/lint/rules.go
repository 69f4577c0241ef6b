package lint

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Table is parsed arrows: a pattern of packages, and those they may import.
type Table []Arrow

// Arrow is one line of the table.
type Arrow struct {
	From string
	To   []string
}

// ParseArrows reads lines of the form "package → packages it may import". Empty
// lines and lines that begin with # are passed over.
func ParseArrows(text string) (Table, error) {
	var table Table
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		from, to, ok := strings.Cut(line, "→")
		if !ok || len(strings.Fields(from)) != 1 {
			return nil, fmt.Errorf("line %q is not of the form \"package → packages\"", line)
		}
		table = append(table, Arrow{strings.TrimSpace(from), strings.Fields(to)})
	}
	return table, nil
}

// match tells whether a pattern ("a/b", "a/..." or "*") covers a package.
func match(pattern, path string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return pattern == "*" || path == folder || below && strings.HasPrefix(path, folder+"/")
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, path) })
}

// Arrows finds packages that the table does not know and imports, outside
// tests, that it does not allow.
func (t *Tree) Arrows(table Table) []string {
	var found []string
	for _, p := range t.Packages {
		i := slices.IndexFunc(table, func(a Arrow) bool { return match(a.From, p.Path) })
		if i < 0 {
			found = append(found, fmt.Sprintf("%s stands in no line of the table of arrows: "+
				"give it one, with the fewest packages it can do with", p.Path))
			continue
		}
		for _, f := range p.Files {
			for _, path := range f.Imports {
				own, ok := strings.CutPrefix(path, t.Module+"/")
				if ok && !f.Test && !matchAny(table[i].To, own) {
					found = append(found, fmt.Sprintf("%s imports %s, for which there is no arrow from %s (allowed: %s): "+
						"use what is allowed, move the code, or propose the arrow as a decision",
						f.Name, own, p.Path, orNone(table[i].To)))
				}
			}
		}
	}
	return found
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// engine is the module of the Automerge engine, which is cgo.
const engine = "github.com/automerge/automerge-go"

// Cgo finds cgo and the engine outside the fence, in tests too, and packages
// matching free whose build would link cgo from anywhere but the standard
// library (which has a pure Go replacement for its own).
func (t *Tree) Cgo(fence, free string) []string {
	var found []string
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, path := range f.Imports {
				if p.Path != fence && (path == "C" || path == engine || strings.HasPrefix(path, engine+"/")) {
					found = append(found, fmt.Sprintf("%s imports %q: only %s may; use crdt.Document", f.Name, path, fence))
				}
			}
		}
		if !match(free, p.Path) {
			continue
		}
		for _, d := range p.Deps {
			if len(d.CgoFiles) > 0 && !d.Standard {
				found = append(found, fmt.Sprintf("%s reaches %s, which is cgo: what stands below %s must build with "+
					"CGO_ENABLED=0; go mod why %s shows the way", p.Path, d.ImportPath, free, d.ImportPath))
			}
		}
	}
	return found
}

// clock is what package time has that reads the clock or waits.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Ticker", "Timer"}

// outside is the packages behind which files, sockets and processes are.
var outside = []string{"os/...", "net/...", "syscall/...", "io/ioutil", "golang.org/x/sys/...", "log"}

// Pure finds goroutines, clocks, files and sockets in the packages, outside
// tests.
func (t *Tree) Pure(packages []string) []string {
	var found []string
	for _, p := range t.Packages {
		if !matchAny(packages, p.Path) {
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, path := range f.Imports {
				if matchAny(outside, path) {
					found = append(found, fmt.Sprintf("%s imports %q, and %s is pure: take the bytes as an argument "+
						"and return what shall be done with the result", f.Name, path, p.Path))
				}
			}
			found = append(found, t.impure(p, f)...)
		}
	}
	return found
}

func (t *Tree) impure(p Package, f File) []string {
	var found []string
	timeName := importName(f, "time")
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, fmt.Sprintf("%s: a goroutine, and %s is pure: let the owner of it start what runs beside it",
				t.at(f, n.Pos()), p.Path))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == timeName && slices.Contains(clock, n.Sel.Name) {
				found = append(found, fmt.Sprintf("%s: time.%s, and %s is pure: take the time as an argument",
					t.at(f, n.Pos()), n.Sel.Name, p.Path))
			}
		}
		return true
	})
	return found
}

// importName is the name under which a file uses a package of the standard
// library, "" if it does not import it. A dot import gets no name, which no
// package here needs.
func importName(f File, path string) string {
	for _, spec := range f.syntax.Imports {
		if unquoted, _ := strconv.Unquote(spec.Path.Value); unquoted == path {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path[strings.LastIndexByte(path, '/')+1:]
		}
	}
	return ""
}

// Comments finds packages without a package comment.
func (t *Tree) Comments() []string {
	var found []string
	for _, p := range t.Packages {
		var code, commented bool
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			code = true
			doc := f.syntax.Doc.Text()
			commented = commented || strings.HasPrefix(doc, "Package "+f.syntax.Name.Name+" ") ||
				f.syntax.Name.Name == "main" && doc != ""
		}
		if code && !commented {
			found = append(found, fmt.Sprintf("%s has no package comment: say what it promises, what it never does, "+
				"and who owns what", p.Path))
		}
	}
	return found
}

// LinesMax is the longest a Go file may be.
const LinesMax = 500

// Sizes finds files that are too long, generated ones excepted.
func (t *Tree) Sizes() []string {
	var found []string
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Lines > LinesMax && !ast.IsGenerated(f.syntax) {
				found = append(found, fmt.Sprintf("%s has %d lines, more than %d: find the second idea in it and give it a file",
					f.Name, f.Lines, LinesMax))
			}
		}
	}
	return found
}

var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)

// Unfinished finds comments that promise work.
func (t *Tree) Unfinished() []string {
	var found []string
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, group := range f.syntax.Comments {
				for _, c := range group.List {
					if word := unfinished.FindString(c.Text); word != "" {
						found = append(found, fmt.Sprintf("%s: %s in a comment: do it now, or write down where the work is tracked",
							t.at(f, c.Pos()), word))
					}
				}
			}
		}
	}
	return found
}
