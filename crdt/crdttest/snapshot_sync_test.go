package crdttest

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/id"
)

// jsEnd is a peer in JavaScript. It shows flags, and so declares that it reads
// version 2.
type jsEnd struct {
	t    *testing.T
	js   *oracleJS
	name string
	last oracleReply
}

// newJSEnd is a peer that has the given changes.
func newJSEnd(t *testing.T, js *oracleJS, changes [][]byte) *jsEnd {
	t.Helper()
	e := &jsEnd{t: t, js: js, name: t.Name()}
	e.ask(oracleQuestion{Changes: changes})
	return e
}

func (e *jsEnd) ask(q oracleQuestion) oracleReply {
	e.t.Helper()
	q.Peer = e.name
	if e.last = e.js.ask(e.t, q); e.last.Error != "" {
		e.t.Fatal(e.last.Error)
	}
	return e.last
}

func (e *jsEnd) generate() []byte { return e.ask(oracleQuestion{Generate: true}).Message }

func (e *jsEnd) receive(message []byte) error {
	e.ask(oracleQuestion{Receive: message})
	return nil
}

func (e *jsEnd) heads() []id.ChangeHash {
	e.t.Helper()
	var heads []id.ChangeHash
	for _, s := range e.last.Heads {
		b, err := hex.DecodeString(s)
		must(e.t, err)
		heads = append(heads, id.ChangeHash(b))
	}
	slices.SortFunc(heads, id.ChangeHash.Compare)
	return heads
}

// versions notes the versions of the messages that an end makes.
type versions struct {
	end
	made []byte
}

func (v *versions) generate() []byte {
	m := v.end.generate()
	if m != nil {
		v.made = append(v.made, m[0])
	}
	return m
}

// A peer in JavaScript, with nothing or with something, meets us with a snapshot
// of the beginning of the document, and both come to all there is.
func TestSnapshotSyncWithJavaScript(t *testing.T) {
	js := newOracleJS(t)
	for i := range uint64(*snapshots) {
		seed := *snapshotSeed + i
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 22))
			made := js.ask(t, oracleQuestion{Seed: seed})
			all := parse(t, made.Changes)
			h := shuffled(t, r, all)
			our := &ourEnd{history: h, state: &exchange.State{}, snapshot: snapshotOf(t, h, 1+r.IntN(h.Len()))}
			var theirs [][]byte
			fresh := true // nothing, or what every peer begins with
			switch r.IntN(4) {
			case 0:
				for _, c := range part(r, all) {
					theirs = append(theirs, c.Bytes())
					fresh = fresh && c.Hash == h.At(0).Hash
				}
			case 1:
				theirs = append(theirs, h.At(0).Bytes())
			}
			peer, noted := newJSEnd(t, js, theirs), &versions{end: our}
			settle(t, r, peer, noted)
			if got := slices.Contains(noted.made, exchange.V2); got != (fresh && h.Len() > len(theirs)) {
				t.Errorf("versions %x for a peer with %d changes", noted.made, len(theirs))
			}
			peer.ask(oracleQuestion{Same: made.Changes})
		})
	}
}

// Engines from before there were flags get changes, whatever snapshot there is.
func TestSnapshotIsNotForTheOldEngine(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 23))
		d, err := Generate(seed, Options{Changes: 10 + r.IntN(40)})
		must(t, err)
		h := shuffled(t, r, parse(t, d.Changes))
		noted := &versions{end: &ourEnd{history: h, state: &exchange.State{}, snapshot: snapshotOf(t, h, h.Len())}}
		engine := newEngineEnd(t, nil)
		settle(t, r, engine, noted)
		if slices.Contains(noted.made, exchange.V2) {
			t.Errorf("seed %d: versions %x", seed, noted.made)
		}
	}
}
