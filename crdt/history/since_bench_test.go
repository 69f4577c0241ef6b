package history_test

import (
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// branches returns a history of n changes by the given number of authors who
// take turns, and beside it, from the first change on, a branch of lag changes by one
// more author that nobody has merged. The branch is accepted early, so its
// indices are the smallest.
func branches(tb testing.TB, n, authors, lag int) (h *history.History, main, branch []id.ChangeHash) {
	tb.Helper()
	h = history.New(history.Limits{})
	put := func(deps []id.ChangeHash, actor id.Actor, seq, start int) id.ChangeHash {
		c, err := chunk.Build(chunk.Spec{
			Deps: deps, Actor: actor, Seq: uint64(seq), StartOp: uint64(start),
			Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet, Value: chunk.IntValue(int64(start))}},
		})
		if err == nil {
			err = h.Restore(c.Bytes())
		}
		if err != nil {
			tb.Fatal(err)
		}
		return c.Hash
	}
	root := put(nil, "author 0", 1, 1)
	for i, deps := 1, []id.ChangeHash{root}; i <= lag; i++ {
		branch = append(branch, put(deps, "lagging", i, i+1))
		deps = branch[i-1:]
	}
	main = []id.ChangeHash{root}
	for i := 1; i < n-lag; i++ {
		main = append(main, put(main[i-1:], id.Actor(fmt.Sprint("author ", i%authors)), i/authors+1, i+1))
	}
	h.MarkDurable(h.Len())
	return h, main, branch
}

// What a peer lacks: the newest changes, or some that others made long ago and
// that it never got. An operation is one question.
func BenchmarkSinceDifference(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		for _, authors := range []int{3, 100} {
			for _, lacks := range []int{1, min(1_000, n/4)} {
				h, main, branch := branches(b, n, authors, lacks)
				newest := []id.ChangeHash{main[len(main)-1-lacks], branch[len(branch)-1]}
				for name, base := range map[string][]id.ChangeHash{"newest": newest, "old": main[len(main)-1:]} {
					// Two ways to say the same, in turn: nothing kept for the one before serves the next.
					bases := [][]id.ChangeHash{base, append([]id.ChangeHash{main[len(main)/2]}, base...)}
					b.Run(fmt.Sprintf("changes=%d/authors=%d/lacks=%d %s", n, authors, lacks, name), func(b *testing.B) {
						b.ReportAllocs()
						for i := 0; b.Loop(); i++ {
							if since := h.Since(0, bases[i%2]); len(since) != lacks {
								b.Fatal(len(since))
							}
						}
					})
				}
			}
		}
	}
}
