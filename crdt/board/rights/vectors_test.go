package rights

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vectorRule and vectorReason are the law as other languages read it.
type vectorRule struct {
	Action   string   `json:"action"`
	Relation string   `json:"relation"`
	Roles    []string `json:"roles"`
}

type vectorReason struct {
	Code string `json:"code"`
	Da   string `json:"da"`
	Nl   string `json:"nl"`
	En   string `json:"en"`
}

// relationCodes are the names of relations in programs.
var relationCodes = [relations]string{Own: "own", Proxy: "proxy", Kiosk: "kiosk", Other: "other"}

// TestVectors pins rights.json, by which apps decide what they offer and say what
// was refused.
func TestVectors(t *testing.T) {
	vectors := struct {
		Roles   []string       `json:"roles"`
		Rules   []vectorRule   `json:"rules"`
		Reasons []vectorReason `json:"reasons"`
	}{}
	for _, r := range AllRoles() {
		vectors.Roles = append(vectors.Roles, r.String())
	}
	for _, rule := range Table() {
		for relation, roles := range rule.May {
			v := vectorRule{rule.Action.String(), relationCodes[relation], []string{}}
			for _, r := range roles.List() {
				v.Roles = append(v.Roles, r.String())
			}
			vectors.Rules = append(vectors.Rules, v)
		}
	}
	for _, r := range append([]Reason{0}, AllReasons()...) {
		vectors.Reasons = append(vectors.Reasons, vectorReason{r.String(), r.Sentence("da"), r.Sentence("nl"), r.Sentence("en")})
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(vectors); err != nil {
		t.Fatal(err)
	}

	name := filepath.Join("..", "..", "testdata", "board", "rights.json")
	if *update {
		if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(was, text.Bytes()) {
		t.Errorf("%s is not the table and the reasons of this package: go test ./crdt/board/rights -run TestVectors -update, and read the difference", name)
	}
}
