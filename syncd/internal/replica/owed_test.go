package replica

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// SY19. Peers that answer, answer late, never answer, write and leave. Whoever brought
// changes is told in the moment they are durable; nobody else is told twice without an
// answer; everybody there has everything in time; and in the end all have the same.
func TestPeersAreOwedNoLongerThanTheyWait(t *testing.T) {
	var held, waited, acks int
	for seed := range uint64(300) {
		p := newParty(t, seed)
		for range 150 {
			p.step()
		}
		p.end()
		held, waited, acks = held+p.held, waited+p.waited, acks+p.acks
	}
	t.Logf("%d acknowledgements, %d times an update was held, %d times for as long as it may be", acks, held, waited)
	if held < 1000 || waited < 300 || acks < 1000 {
		t.Fatal("too little has happened for the test to mean anything")
	}
}

// party is a replica with guests. All randomness comes from rng.
type party struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	now  time.Time
	wake time.Time

	r       *Replica
	saving  *Persist
	stored  [][]byte
	durable map[id.ChangeHash]time.Time // since when
	guests  []*guest
	conns   Conn

	held, waited, acks int
}

type guest struct {
	*historytest.Author
	conn   Conn // 0 when it has left
	state  exchange.State
	delay  time.Duration // of its answers; negative: none comes
	writes bool
	answer time.Time // when the next is due, zero for never
	up     [][]byte  // written, and not yet with the replica

	brought map[id.ChangeHash]bool // of the open persist, or after it
	told    time.Time              // when changes were last sent to it without an answer since
	known   bool                   // it has been sent something; its first message may wait for a persist
}

func newParty(t *testing.T, seed uint64) *party {
	p := &party{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 19)), now: time.Unix(1_800_000_000, 0),
		r: New(Config{Storage: "server"}, 0, nil), durable: map[id.ChangeHash]time.Time{}}
	root := historytest.New("root")
	first := root.Put("key", "first")
	for i, delay := range []time.Duration{0, 5, 150, -1, 0, 30, -1} {
		g := &guest{Author: historytest.New(fmt.Sprint("guest ", i)), delay: delay * time.Millisecond, writes: i >= 4}
		g.Take(first)
		p.guests = append(p.guests, g)
		p.arrive(g)
	}
	return p
}

func (p *party) fatal(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("seed %d: %s", p.seed, fmt.Sprintf(format, args...))
}

func (p *party) arrive(g *guest) {
	p.conns++
	g.conn, g.state, g.told, g.answer, g.up = p.conns, exchange.State{}, time.Time{}, time.Time{}, nil
	g.brought, g.known = map[id.ChangeHash]bool{}, false
	p.r.Attach(g.conn, Peer{})
	g.say()
	if g.writes { // and does not wait until it is asked for its changes
		g.state.Receive(g.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}})
		g.say()
	}
	p.deliver(g)
}

func (g *guest) say() {
	if data := exchange.NewRound(g.History).Generate(&g.state).Bytes(); data != nil {
		g.up = append(g.up, slices.Clone(data))
	}
}

func (p *party) step() {
	g := p.guests[p.rng.IntN(len(p.guests))]
	switch n := p.rng.IntN(100); {
	case n < 25:
		if g.writes && g.conn != 0 {
			g.Put("key", fmt.Sprint(p.rng.Uint32()))
			g.say()
		}
	case n < 50:
		p.deliver(g)
	case n < 70:
		p.save()
	case n < 72:
		if p.saving != nil {
			p.saving = nil
			p.carry(p.r.NotDurable(p.now))
		}
	case n < 75:
		p.r.Unload()
	case n < 77 && g.conn != 0:
		p.r.Detach(g.conn)
		g.conn, g.answer, g.brought, g.known = 0, time.Time{}, nil, false
	case n < 80 && g.conn == 0:
		p.arrive(g)
	default:
		p.pass(time.Duration(p.rng.IntN(40)) * time.Millisecond)
	}
}

// end lets everything come to rest.
func (p *party) end() {
	for _, g := range p.guests {
		if g.conn == 0 {
			p.arrive(g)
		}
		if g.writes { // what the disk had no space for it has to send again, when it is asked
			g.delay, g.answer = 0, p.now
		}
	}
	for range 60 {
		for _, g := range p.guests {
			p.deliver(g)
		}
		p.save()
		p.pass(answerWait)
	}
	for _, g := range p.guests {
		if !slices.Equal(g.Heads(), p.r.heads) {
			p.fatal("%s has heads %v, the replica %v", g.Actor, g.Heads(), p.r.heads)
		}
	}
	if !p.wake.IsZero() || p.r.owed != 0 {
		p.fatal("nothing is owed any more, and it wakes at %v, with %d owed", p.wake, p.r.owed)
	}
}

// pass lets time pass, with everything that is due in it.
func (p *party) pass(d time.Duration) {
	for until := p.now.Add(d); ; {
		next := until
		if !p.wake.IsZero() && p.wake.Before(next) {
			next = p.wake
		}
		for _, g := range p.guests {
			if !g.answer.IsZero() && g.answer.Before(next) {
				next = g.answer
			}
		}
		p.now = next
		for _, g := range p.guests {
			if g.conn != 0 && !g.answer.IsZero() && !g.answer.After(p.now) {
				g.answer = time.Time{}
				g.say()
				p.deliver(g)
			}
		}
		if !p.wake.IsZero() && !p.wake.After(p.now) {
			p.wake = time.Time{}
			p.carry(p.r.Tick(p.now))
		}
		p.inTime()
		if !p.now.Before(until) {
			return
		}
	}
}

// inTime asserts that those who only read have what they have waited for.
func (p *party) inTime() {
	for _, g := range p.guests {
		for hash, since := range p.durable {
			if g.known && !g.writes && p.now.Sub(since) > answerWait && !g.Has(hash) {
				p.fatal("%s waits for %s for %v", g.Actor, hash, p.now.Sub(since))
			}
		}
	}
}

func (p *party) save() {
	if p.saving == nil {
		return
	}
	saved := p.saving
	p.stored, p.saving = append(p.stored, saved.Changes...), nil
	var hashes []id.ChangeHash
	for _, body := range saved.Changes {
		c, err := chunk.ReadChange(body)
		if err != nil {
			p.fatal("%v", err)
		}
		hashes = append(hashes, c.Hash)
		p.durable[c.Hash] = p.now
	}
	owed := p.r.owed
	e := p.r.Durable(p.now)
	p.held += max(0, p.r.owed-owed)
	for _, g := range p.guests {
		for _, hash := range hashes {
			if !g.brought[hash] {
				continue
			}
			delete(g.brought, hash)
			p.acks++
			if !slices.ContainsFunc(e.Send, func(s Send) bool { return s.To == g.conn && s.Sync != nil }) {
				p.fatal("%s is not told that %s is durable", g.Actor, hash)
			}
		}
	}
	p.carry(e)
}

func (p *party) deliver(g *guest) {
	for g.conn != 0 && len(g.up) > 0 {
		m, err := Decode(g.up[0])
		if err != nil {
			p.fatal("%v", err)
		}
		g.up, g.told = g.up[1:], time.Time{}
		for _, raw := range m.Changes {
			c, err := chunk.ParseChange(raw, chunk.Limits{})
			if err != nil {
				p.fatal("%v", err)
			}
			if _, there := p.durable[c.Hash]; !there && !p.r.stalled {
				g.brought[c.Hash] = true
			}
		}
		in := Input{From: g.conn, Message: m, Alone: true}
		e := p.r.Sync(p.now, in)
		if e.Load {
			err := p.r.Load(nil, func(take func([]byte) error) error {
				for _, c := range p.stored {
					if err := take(c); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				p.fatal("load: %v", err)
			}
			e = p.r.Sync(p.now, in)
		}
		p.carry(e)
	}
}

func (p *party) carry(e Effects) {
	p.wake = e.Wake
	if e.Persist != nil {
		p.saving = e.Persist
	}
	for _, s := range e.Send {
		i := slices.IndexFunc(p.guests, func(g *guest) bool { return g.conn == s.To })
		if s.Sync == nil || i < 0 {
			continue
		}
		p.receive(p.guests[i], s.Sync.Bytes())
	}
}

func (p *party) receive(g *guest, data []byte) {
	m, err := exchange.Decode(data, exchange.Limits{})
	if err != nil {
		p.fatal("%v", err)
	}
	if len(m.Changes) > 0 && !g.told.IsZero() && !g.writes {
		if p.now.Sub(g.told) < answerWait {
			p.fatal("%s gets a second update after %v", g.Actor, p.now.Sub(g.told))
		}
		p.waited++
	}
	for _, raw := range m.Changes {
		c, err := chunk.ParseChange(raw, chunk.Limits{})
		if err != nil {
			p.fatal("%v", err)
		}
		g.Take(c)
		g.told = p.now
	}
	g.known = true
	g.state.Receive(g.History, m)
	if g.delay >= 0 && g.answer.IsZero() {
		g.answer = p.now.Add(g.delay)
	}
}

// A peer that is owed an update, and says that it has everything by then, is owed nothing any more: nothing is
// waited for, and nothing is sent when the time has come.
func TestWhoeverHasEverythingIsOwedNothing(t *testing.T) {
	r, now := New(Config{Storage: "server"}, 0, nil), time.Unix(1_800_000_000, 0)
	author := historytest.New("author")
	say := func(c Conn, m exchange.Message) Effects { return r.Sync(now, Input{From: c, Message: received(t, m)}) }
	agree := func() exchange.Message { return agreement(author.Heads()) }
	post := func() Effects {
		c := author.Put("key", "value")
		m := agree()
		m.Changes = [][]byte{c.Bytes()}
		say(1, m)
		return r.Durable(now)
	}
	r.Attach(1, Peer{})
	r.Attach(2, Peer{})
	post()
	say(2, exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}})
	say(2, agree())
	post() // of which it is told, and does not answer
	if e := post(); e.Wake.IsZero() || len(e.Send) != 1 {
		t.Fatalf("the peer is owed nothing: %d messages, wake %v", len(e.Send), e.Wake)
	}
	if e := say(2, agree()); !e.Wake.IsZero() {
		t.Errorf("it is waited for the peer until %v", e.Wake)
	}
	if e := r.Tick(now.Add(time.Minute)); len(e.Send) > 0 {
		t.Error("it is sent what it has")
	}
}
