package crdttest

import (
	"math"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// edit makes one random edit in an object.
func (g *generator) edit(o core.Object) error {
	switch o.Kind() {
	case core.Map:
		return g.editMap(o)
	case core.List:
		return g.editList(o)
	}
	n := o.Len()
	pos := g.rand.IntN(n + 1)
	return o.Splice(pos, g.rand.IntN(min(n-pos, 4)+1), g.text())
}

func (g *generator) editMap(o core.Object) error {
	// Few keys, so that actors write the same ones.
	key := string("abcdé"[g.rand.IntN(4)])
	if g.rand.IntN(8) == 0 {
		key = "key " + g.text()
	}
	v, err := o.Value(key)
	there := err == nil
	_, counter := v.(core.Counter)
	switch n := g.rand.IntN(10); {
	case counter && n < 6:
		return o.Increment(key, g.within(chunk.IncrementMax))
	case there && n < 2:
		return o.Delete(key)
	case n < 5:
		_, err := o.SetNew(key, g.kind())
		return err
	}
	return o.Set(key, g.scalar())
}

func (g *generator) editList(o core.Object) error {
	n := o.Len()
	if n == 0 || g.rand.IntN(3) == 0 {
		if g.rand.IntN(3) == 0 {
			_, err := o.InsertNew(g.rand.IntN(n+1), g.kind())
			return err
		}
		return o.Insert(g.rand.IntN(n+1), g.scalar())
	}
	i := g.rand.IntN(n)
	v, err := o.Value(i)
	if err != nil {
		return err
	}
	_, counter := v.(core.Counter)
	switch n := g.rand.IntN(10); {
	case counter && n < 6:
		return o.Increment(i, g.within(chunk.IncrementMax))
	case n < 3:
		return o.Delete(i)
	case n < 5:
		_, err := o.SetNew(i, g.kind())
		return err
	}
	return o.Set(i, g.scalar())
}

func (g *generator) kind() core.Kind {
	return []core.Kind{core.Map, core.List, core.Text}[g.rand.IntN(3)]
}

func (g *generator) scalar() any {
	switch g.rand.IntN(11) {
	case 0:
		return nil
	case 1:
		return true
	case 2:
		return false
	case 3:
		return g.text()
	case 4:
		return []byte(g.text())
	case 5:
		return uint64(g.number())
	case 6:
		return []float64{0, math.Copysign(0, -1), 0.1, -1e300, math.Inf(1), math.MaxFloat64}[g.rand.IntN(6)]
	case 7:
		return time.UnixMilli(g.number() >> 8).UTC()
	case 8, 9:
		return core.Counter(g.within(chunk.CounterValueMax))
	}
	return g.number()
}

// number favours small numbers and the edges of the encoding.
func (g *generator) number() int64 {
	switch g.rand.IntN(4) {
	case 0:
		return []int64{0, -1, 63, 64, -64, -65, math.MaxInt32, math.MaxInt64, math.MinInt64}[g.rand.IntN(9)]
	case 1:
		return g.rand.Int64() - g.rand.Int64()
	}
	return g.rand.Int64N(10) - 3
}

// within is number between -max and max, both included.
func (g *generator) within(max int64) int64 {
	switch n := g.number(); {
	case n < -max:
		return -max
	case n > max:
		return max
	default:
		return n
	}
}

func (g *generator) text() string {
	words := []string{"", "a", "tak", "kød", "🙂", "e\u0301", "\x00", "\n", "grød ", strings.Repeat("lang ", 60)}
	return words[g.rand.IntN(len(words))] + words[g.rand.IntN(len(words)-1)]
}
