package board

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

const noon = 1779973200000 // of a day in May 2026

var may = Month{2026, 5}

// device is a phone or tablet with a copy of one page.
type device struct {
	t     *testing.T
	name  string
	now   int64 // its clock
	h     *history.History
	clock Clock
	*Writer
}

func newDevice(t *testing.T, name string, now int64, genesis *chunk.Change) *device {
	t.Helper()
	d := &device{t: t, name: name, now: now, h: history.New(history.Limits{})}
	if _, err := d.h.Add(genesis); err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(d.h, id.Actor(fmt.Sprintf("actor of %-16s", name)[:20]), &d.clock, now)
	if err != nil {
		t.Fatal(err)
	}
	d.Writer = w
	return d
}

func page(t *testing.T, name string) *device {
	return newDevice(t, name, noon, PageGenesis(DemoBoard(), may, 0))
}

// must fails the test at an error, and tells whether there was a change.
func (d *device) must(c *chunk.Change, err error) bool {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
	return c != nil
}

func (d *device) read() Page {
	d.t.Helper()
	p, err := d.Page()
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *device) post(id ID) *Post {
	d.t.Helper()
	p := d.read()
	for i := range p.Posts {
		if p.Posts[i].ID == id {
			return &p.Posts[i]
		}
	}
	d.t.Fatalf("%s: post %s is not there", d.name, id)
	return nil
}

// hear takes all changes of another device in the order that shuffle makes.
func (d *device) hear(o *device, shuffle *rand.Rand) {
	d.t.Helper()
	order := make([]int, o.h.Len())
	for i := range order {
		order[i] = i
	}
	if shuffle != nil {
		shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	for _, i := range order {
		if _, err := d.h.Add(o.h.At(i)); err != nil {
			d.t.Fatalf("%s hears %s: %v", d.name, o.name, err)
		}
	}
}

func meet(devices ...*device) {
	for range 2 {
		for _, a := range devices {
			for _, b := range devices {
				if a != b {
					a.hear(b, nil)
				}
			}
		}
	}
}

// ident is an id made of a name.
func ident(name string) ID { return IDFromBytes(firstBytes(name)) }

func request(name string) NewPost {
	return NewPost{
		ID: ident(name), Kind: "request", Title: name, Body: "Hvem kan hjælpe med " + name + "?", Lang: "da",
		Author: "Inger", CreatedBy: "device-1", Origin: "phone",
	}
}
