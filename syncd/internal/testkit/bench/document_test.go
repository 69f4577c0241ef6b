package main

import (
	"slices"
	"testing"
)

// A filter may hold back a change that others build on. They are no heads until it has come, and it is asked for.
func TestWhatBuildsOnSomethingMissingWaits(t *testing.T) {
	first := chunkOn()
	second := chunkOn(first.hash)
	third := chunkOn(second.hash)
	d := newDocument(true)
	d.take(change{hash: first.hash})
	d.told = d.heads
	reply := d.answer(received{heads: []hash{third.hash}, changes: []change{{hash: third.hash, deps: third.deps}}})
	m, err := decodeSync(reply)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.heads, []hash{first.hash}) || !slices.Equal(m.need, []hash{second.hash}) {
		t.Errorf("said heads %x and needs %x, want the first and the second", m.heads, m.need)
	}
	d.take(change{hash: second.hash, deps: second.deps})
	if !slices.Equal(d.heads, []hash{third.hash}) || len(d.known) != 3 {
		t.Errorf("heads are %x of %d changes, want the third", d.heads, len(d.known))
	}
}

// Posts written offline go out once the server has said what it has, without those that its filter holds, and again on the next
// connection until they are seen among what it has.
func TestOwnPostsGoOutUntilTheyAreThere(t *testing.T) {
	base := chunkOn()
	mine := chunkOn(base.hash)
	d := newDocument(true)
	d.take(change{hash: base.hash})
	d.add(mine)
	hello, err := decodeSync(d.hello())
	if err != nil || len(hello.changes) != 0 || !hello.have[0].since.contains(mine.hash) {
		t.Fatalf("hello is %v, %v; want a filter with the post, and no changes", hello, err)
	}
	server := received{heads: []hash{base.hash}, have: []have{{}}}
	for range 2 {
		sent, err := decodeSync(d.answer(server))
		if err != nil || len(sent.changes) != 1 || sent.changes[0].hash != mine.hash {
			t.Fatalf("sent %v, %v; want the post", sent, err)
		}
		if reply := d.answer(server); reply != nil {
			t.Error("sent the post twice on one connection")
		}
		d.hello()
	}
	if d.answer(received{heads: []hash{mine.hash}, have: []have{{}}}); len(d.own) != 0 {
		t.Error("keeps a post that the server has")
	}
}
