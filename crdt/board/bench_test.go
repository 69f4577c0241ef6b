package board

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// BenchmarkPage: a page of 100 posts of 300 characters, with three replies each.
func BenchmarkPage(b *testing.B) {
	h := history.New(history.Limits{})
	if _, err := h.Add(PageGenesis(DemoBoard(), may, 0)); err != nil {
		b.Fatal(err)
	}
	w, err := NewWriter(h, "an actor", new(Clock), noon)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		form := request(fmt.Sprint("post ", i))
		form.Body = strings.Repeat("noget langt ", 25)
		if _, err := w.AddPost(noon, form); err != nil {
			b.Fatal(err)
		}
		for j := range 3 {
			r := NewReply{ID: ident(fmt.Sprint(i, j)), Body: strings.Repeat("svar ", 20), CreatedBy: "bo"}
			if _, err := w.Reply(noon, form.ID, r); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p, err := ReadPage(h); err != nil || len(p.Posts) != 100 {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		title := 0
		for b.Loop() {
			title++
			s := fmt.Sprint("titel ", title)
			if _, err := w.EditPost(noon, ident("post 7"), PostEdit{Title: &s}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One change may put tens of thousands of values under one key, and another may
// overwrite all of them, one by one: reading that is work for a moment only.
func TestManyValuesUnderOneKey(t *testing.T) {
	const n = 50_000
	genesis := PageGenesis(DemoBoard(), may, 0)
	actor := id.Actor("an enemy")
	many := chunk.Spec{Actor: actor, Seq: 1, StartOp: genesis.MaxOp() + 1, Deps: []id.ChangeHash{genesis.Hash}}
	for range n {
		many.Ops = append(many.Ops, chunk.Op{Key: "month", Action: chunk.ActionSet, Value: chunk.IntValue(1)})
	}
	first, err := chunk.Build(many)
	if err != nil {
		t.Fatal(err)
	}
	over := chunk.Spec{Actor: actor, Seq: 2, StartOp: first.MaxOp() + 1, Deps: []id.ChangeHash{first.Hash}}
	for i := range uint64(n) {
		over.Ops = append(over.Ops, chunk.Op{
			Key: "month", Action: chunk.ActionDelete, Pred: []chunk.OpID{{Counter: first.StartOp + i}},
		})
	}
	second, err := chunk.Build(over)
	if err != nil {
		t.Fatal(err)
	}
	h := history.New(history.Limits{})
	for _, c := range []*chunk.Change{genesis, first, second} {
		if _, err := h.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := ReadPage(h); err != nil || p.Month != "2026-05" {
		t.Errorf("the month is %q: %v", p.Month, err)
	}
}
