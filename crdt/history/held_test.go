package history_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// Whatever becomes of the changes that are held, what they take is counted, for everybody
// who has brought them.
func TestWhatIsHeldIsCounted(t *testing.T) {
	const n, bringers, overhead = 60, 4, 4 << 10
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := history.New(history.Limits{OrphansMax: 40})
		author := historytest.New("author")
		bytes := int64(0)
		for range n {
			bytes = max(bytes, int64(len(author.Put("key", "value").Bytes())))
		}
		for range 300 {
			who, i := rng.IntN(bringers), 1+rng.IntN(n-1)
			switch {
			case rng.IntN(50) == 0:
				h.Forget(who)
			case rng.IntN(100) == 0:
				i = h.Len() // the next one, which some wait for
				fallthrough
			default:
				if _, err := h.AddFrom(author.At(i%n), who); err != nil {
					t.Fatal(err)
				}
			}
			sum, most := int64(0), int64(0)
			for who := range bringers {
				held := h.HeldBytes(who)
				sum, most = sum+held, max(most, held)
			}
			least, all := int64(h.Orphans())*bytes/2, int64(h.Orphans())*(bytes+overhead)
			if sum < least || most > all || h.Memory() < sum/bringers {
				t.Fatalf("seed %d: %d are held, for %d bytes each at most; %d are counted for all who have brought them and %d for one; the history counts %d",
					seed, h.Orphans(), bytes, sum, most, h.Memory())
			}
		}
		for who := range bringers {
			h.Forget(who)
		}
		for who := range bringers {
			if h.HeldBytes(who) != 0 || h.Orphans() != 0 {
				t.Fatalf("seed %d: %d bytes of %d changes are held in the end", seed, h.HeldBytes(who), h.Orphans())
			}
		}
		if empty := history.New(history.Limits{}); h.Len() == 0 && h.Memory() != empty.Memory() {
			t.Fatalf("seed %d: %d bytes are counted in the end, of an empty history %d", seed, h.Memory(), empty.Memory())
		}
	}
}
