package gate

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

func TestOpenAllowsEverythingButTakingOverForSomebodyElse(t *testing.T) {
	var p Policy = Open{}
	one, other := Principal{Device: "one"}, Principal{Device: "other"}
	for _, a := range []Action{Read, Write, Create} {
		if err := p.Allow(one, a, id.NewDocument()); err != nil {
			t.Errorf("action %d: %v", a, err)
		}
	}
	if !p.SamePrincipal(one, one) || !p.SamePrincipal(Principal{}, Principal{}) || p.SamePrincipal(one, other) {
		t.Error("a principal may take over its own connections and no others")
	}
}
