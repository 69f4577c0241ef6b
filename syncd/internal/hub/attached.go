package hub

import (
	"iter"

	"github.com/tavle-org/tavle/crdt/id"
)

// fewMax is how many documents a session has without a map. Most have one or a few,
// and a map for one takes as much as the session itself.
const fewMax = 8

// attached are the documents that a session is, or was, a peer of.
type attached struct {
	few  []attachment
	many map[id.Document]*document // those that came when there were few already
}

type attachment struct {
	id  id.Document
	doc *document
}

// at returns the document, or nil when it is none of them.
func (a *attached) at(doc id.Document) *document {
	for i := range a.few {
		if a.few[i].id == doc {
			return a.few[i].doc
		}
	}
	return a.many[doc]
}

// put adds a document, or replaces it by one that was opened later.
func (a *attached) put(doc id.Document, d *document) {
	for i := range a.few {
		if a.few[i].id == doc {
			a.few[i].doc = d
			return
		}
	}
	if len(a.few) < fewMax {
		a.few = append(a.few, attachment{doc, d})
		return
	}
	if a.many == nil {
		a.many = map[id.Document]*document{}
	}
	a.many[doc] = d
}

func (a *attached) len() int { return len(a.few) + len(a.many) }

// all are their ids. They may be put meanwhile.
func (a *attached) all() iter.Seq[id.Document] {
	return func(yield func(id.Document) bool) {
		for _, at := range a.few {
			if !yield(at.id) {
				return
			}
		}
		for doc := range a.many {
			if !yield(doc) {
				return
			}
		}
	}
}
