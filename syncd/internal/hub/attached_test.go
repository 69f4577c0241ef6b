package hub

import (
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

func TestAttachedDocumentsAreFoundWhetherFewOrMany(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, fewMax, fewMax + 1, 5 * fewMax} {
		var a attached
		want := map[id.Document]*document{}
		for i := range n {
			doc := id.Document{byte(i), 1}
			a.put(doc, &document{})
			want[doc] = &document{}
			a.put(doc, want[doc]) // opened again
		}
		got := slices.Collect(a.all())
		if len(got) != n || a.len() != n {
			t.Errorf("%d documents: %d by len, %d by all", n, a.len(), len(got))
		}
		for doc, d := range want {
			if a.at(doc) != d || !slices.Contains(got, doc) {
				t.Errorf("%d documents: %s is not the one that was put last", n, doc)
			}
		}
		if a.at(id.Document{0, 2}) != nil {
			t.Errorf("%d documents: one was found that was not put", n)
		}
	}
}
