package lint

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	ruleDefined = regexp.MustCompile(`\*\*((?:FR|HS|SY|AV|EP|RH|CL|LV|LM)[0-9]+)\*\*`)
	ruleCited   = regexp.MustCompile(`\b(?:FR|HS|SY|AV|EP|RH|CL|LV|LM)[0-9]+\b`)
)

// Each rule of the protocol is carried by a test, and what tests and code cite
// is a rule.
func TestRulesOfTheProtocolAreTested(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	text, err := os.ReadFile(filepath.Join(root, "crdt", "wire", "PROTOCOL.md"))
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{} // every rule, and whether a test cites it
	for _, m := range ruleDefined.FindAllStringSubmatch(string(text), -1) {
		tested[m[1]] = false
	}
	if len(tested) < 50 {
		t.Fatalf("only %d rules found", len(tested))
	}
	for _, folder := range []string{"crdt", "syncd"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() == "node_modules" || d.Name() == "lint" {
				return skipDir(d, err)
			}
			isTest := strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".test.mjs") ||
				strings.HasSuffix(path, ".txt") && strings.Contains(path, "testdata")
			if d.IsDir() || !isTest && !strings.HasSuffix(path, ".go") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, rule := range ruleCited.FindAllString(string(text), -1) {
				if _, defined := tested[rule]; !defined {
					t.Errorf("%s cites %s, which PROTOCOL.md does not have", path, rule)
				}
				tested[rule] = tested[rule] || isTest
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for rule, ok := range tested {
		if !ok {
			t.Errorf("no test cites %s: write one, or take the rule out of PROTOCOL.md", rule)
		}
	}
}

func skipDir(d fs.DirEntry, err error) error {
	if err == nil && d.IsDir() {
		return fs.SkipDir
	}
	return err
}
