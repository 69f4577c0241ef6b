package edge

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// asking are pulses with connections of which it notes who was asked, and after how many
// seconds.
type asking struct {
	pulses
	conns map[rune]*conn
	asked chan asked
}

type asked struct {
	name  rune
	after int
}

func newAsking(names string) *asking {
	cfg := &Config{}
	cfg.setDefaults()
	p := &asking{pulses{cfg: cfg}, map[rune]*conn{}, make(chan asked, 100)}
	began := time.Now()
	for _, name := range names {
		out := &outbox{metrics: cfg.Metrics}
		out.start = func() { p.asked <- asked{name, int(time.Since(began).Seconds())} }
		p.conns[name] = &conn{cfg: cfg, net: new(netConn), out: out}
	}
	return p
}

// within returns who was asked in such a time.
func (p *asking) within(d time.Duration) (all []asked) {
	time.Sleep(d)
	synctest.Wait()
	for len(p.asked) > 0 {
		all = append(all, <-p.asked)
	}
	return all
}

func TestPulsesAskEachInItsTime(t *testing.T) {
	at := map[rune]int{'a': 25, 'b': 26, 'c': 27, 'd': 28}
	for leave, stay := range map[string]string{"": "abcd", "a": "bcd", "b": "acd", "d": "abc", "bc": "ad", "abcd": ""} {
		synctest.Test(t, func(t *testing.T) {
			p := newAsking("abcd")
			for _, c := range "abcd" {
				p.add(p.conns[c])
				time.Sleep(time.Second)
			}
			for _, c := range leave {
				p.remove(p.conns[c])
				p.remove(p.conns[c]) // is gone already
			}
			var want []asked
			for _, c := range stay {
				want = append(want, asked{c, at[c]})
			}
			if got := p.within(time.Minute); !slices.Equal(got, want) {
				t.Errorf("without %q: asked %v, want %v", leave, got, want)
			}
		})
	}
}

func TestPulsesAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newAsking("ab")
		ask := func(c rune, pause, want int) {
			t.Helper()
			got := p.within(time.Duration(pause) * time.Second)
			if !slices.Equal(got, []asked{{c, want}}) {
				t.Fatalf("asked %v, want %c after %d s", got, c, want)
			}
			out := p.conns[c].out
			out.mu.Lock()
			out.writing, out.ping = false, false // as its writer would
			out.mu.Unlock()
			p.add(p.conns[c])
		}
		p.add(p.conns['a'])
		time.Sleep(10 * time.Second)
		p.add(p.conns['b'])
		ask('a', 15, 25)
		ask('b', 10, 35)
		ask('a', 15, 50)
		ask('b', 10, 60)
		p.remove(p.conns['a'])
		p.remove(p.conns['b'])
		if got := p.within(10 * time.Second); len(got) > 0 {
			t.Errorf("%v were asked after they had left", got)
		}
		p.add(p.conns['b']) // while the timer is set for those who have left
		ask('b', 25, 95)
		ask('b', 25, 120)
		p.remove(p.conns['b'])
		if got := p.within(time.Hour); len(got) > 0 {
			t.Errorf("%v were asked after they had left", got)
		}
		p.add(p.conns['a']) // long after it was set
		ask('a', 25, 3745)
	})
}
