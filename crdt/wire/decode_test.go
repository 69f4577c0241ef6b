package wire

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

func TestDocumentsAreParsedAlikeWhateverWasParsedBefore(t *testing.T) {
	docs := make([]id.Document, 8*len(parsed)) // several for each place
	for i := range docs {
		docs[i] = id.NewDocument()
	}
	for range 2 {
		for _, want := range docs {
			text := []byte(want.String())
			for range 2 {
				if doc, err := parseDocument(text); err != nil || doc != want {
					t.Fatalf("%s: %v, %v", text, doc, err)
				}
			}
			text[3] = map[bool]byte{true: '2', false: '3'}[text[3] != '2'] // the end, and with it the place, stays
			if doc, err := parseDocument(text); err == nil {
				t.Fatalf("%s was taken for %s", text, doc)
			}
		}
	}
	for _, short := range []string{"", "1", "11", "1111"} {
		if doc, err := parseDocument([]byte(short)); err == nil {
			t.Errorf("%q was taken for %s", short, doc)
		}
	}
}
