package history_test

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// A reader has several candidates for a change, and one that begins as it should goes on
// with others, or ends: then it is asked again where that happened.
func TestWhatBeginsAlikeIsReadAgain(t *testing.T) {
	a := historytest.New("author")
	for range 40 {
		a.Put("k", "v")
	}
	other := historytest.New("author")
	for range 40 {
		other.Put("z", "other")
	}
	for name, left := range map[string]*history.History{"goes on with others": other.History, "ends": history.New(history.Limits{})} {
		t.Run(name, func(t *testing.T) {
			whole, begins := &shelf{}, &shelf{}
			whole.put(a.History, 0, 40)
			begins.put(a.History, 0, 20)
			begins.put(left, min(20, left.Len()), left.Len())
			read := func(from int, is func([]byte) bool, yield func(int, []byte) bool) error {
				if from < len(begins.changes) && is(begins.changes[from]) {
					return begins.read(from, is, yield)
				}
				return whole.read(from, is, yield)
			}
			h, err := history.Open(history.Limits{}, graphOf(t, a.History, 40, 1<<20), read)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 40 {
				if h.At(i).Hash != a.At(i).Hash {
					t.Fatalf("change %d: %v", i, h.Err())
				}
			}
		})
	}
}
