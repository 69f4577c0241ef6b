// Package lint checks the shape of the source tree: which package may import
// which, where cgo may stand, which packages are pure. The rules are functions
// here; the tables they are applied with are in lint_test.go, and a plain
// go test of this package is the check.
//
// It reads every Go file of the module, whatever its build constraints, so that
// an arrow on another system is an arrow too. It changes nothing.
package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Tree is the packages of one module.
type Tree struct {
	Module   string // module path
	Root     string // its folder
	Packages []Package
	files    *token.FileSet
}

// Package is one folder of Go files.
type Package struct {
	Path  string // below the module path, "." for the module's own folder
	Files []File
	Deps  []dep // everything the build of it links, without tests
}

// File is one Go file.
type File struct {
	Name    string // below the module's folder
	Test    bool
	Lines   int
	Imports []string
	syntax  *ast.File
}

// dep is a package as the go command lists it.
type dep struct {
	ImportPath string
	Dir        string
	Standard   bool
	Deps       []string
	CgoFiles   []string
	Module     *struct{ Path, Dir string }
}

// Load reads the module in root.
func Load(root string) (*Tree, error) {
	if err := visit(root); err != nil {
		return nil, err
	}
	own, err := list(root, "./...")
	if err != nil {
		return nil, err
	}
	all, err := list(root, "-deps", "./...")
	if err != nil {
		return nil, err
	}
	byPath := map[string]dep{}
	for _, d := range all {
		byPath[d.ImportPath] = d
	}
	t := &Tree{Root: root, files: token.NewFileSet()}
	for _, d := range own {
		if d.Module == nil {
			return nil, fmt.Errorf("%s belongs to no module", d.ImportPath)
		}
		t.Module = d.Module.Path
		p := Package{Path: strings.TrimPrefix(strings.TrimPrefix(d.ImportPath, t.Module), "/")}
		if p.Path == "" {
			p.Path = "."
		}
		for _, path := range d.Deps {
			p.Deps = append(p.Deps, byPath[path])
		}
		if err := t.parse(&p, d.Dir); err != nil {
			return nil, err
		}
		t.Packages = append(t.Packages, p)
	}
	return t, nil
}

// visit opens every folder of the tree. The go command lists the packages in a
// process of its own, which the test cache does not see; without this a result
// would stay cached after a new folder has come.
func visit(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		name := e.Name()
		if err == nil && e.IsDir() && path != root && (name == "node_modules" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		return err
	})
}

// list runs go list. Cgo is on, so that the files behind it are seen.
func list(root string, args ...string) ([]dep, error) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Dir,Standard,Deps,CgoFiles,Module"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %v: %w", args, err)
	}
	var deps []dep
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one dep
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return deps, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list %v: %w", args, err)
		}
		deps = append(deps, one)
	}
}

func (t *Tree) parse(p *Package, dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		syntax, err := parser.ParseFile(t.files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.Root, name)
		if err != nil {
			return err
		}
		f := File{Name: filepath.ToSlash(rel), Test: strings.HasSuffix(name, "_test.go"), syntax: syntax}
		f.Lines = t.files.File(syntax.FileStart).LineCount()
		for _, spec := range syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.Imports = append(f.Imports, path)
		}
		p.Files = append(p.Files, f)
	}
	return nil
}

// at returns "file:line" of a node.
func (t *Tree) at(f File, pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Name, t.files.Position(pos).Line)
}
