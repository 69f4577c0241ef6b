package wire

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

func TestDocumentsAreParsedAlikeWhateverWasParsedBefore(t *testing.T) {
	places := map[byte][]string{}
	for range 2000 { // several for each place
		text := id.NewDocument().String()
		n := len(text)
		places[text[n-1]^text[n-2]<<3] = append(places[text[n-1]^text[n-2]<<3], text)
	}
	for _, texts := range places {
		for range 2 {
			for _, text := range texts {
				for range 2 {
					doc, err := parseDocument([]byte(text))
					if want, _ := id.ParseDocument(text); err != nil || doc != want {
						t.Fatalf("%s: %v, %v", text, doc, err)
					}
				}
				wrong := []byte(text) // the end, and with it the place, stays
				wrong[3] = map[bool]byte{true: '2', false: '3'}[wrong[3] != '2']
				if doc, err := parseDocument(wrong); err == nil {
					t.Fatalf("%s was taken for %s", wrong, doc)
				}
			}
		}
	}
	for _, short := range []string{"", "1", "11", "1111"} {
		if doc, err := parseDocument([]byte(short)); err == nil {
			t.Errorf("%q was taken for %s", short, doc)
		}
	}
}
