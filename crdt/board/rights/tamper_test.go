package rights

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
	"pgregory.net/rapid"
)

// attack is a tampered client that sends what it likes.
type attack struct {
	t      *rapid.T
	s      *server
	p      Principal
	actors []id.Actor // its own, and others'
	known  []string   // ids and references that it has seen
	ids    []string   // the ids alone
	helped board.ID   // a post that it was accepted for, or none
}

// tamper makes a change of some random operations on the document, or on what it
// knew of it earlier.
func (a *attack) tamper(steps int) *chunk.Change {
	var heads []int
	if rapid.IntRange(0, 3).Draw(a.t, "stale") == 0 {
		heads = []int{rapid.IntRange(0, a.s.h.Len()-1).Draw(a.t, "head")}
	}
	r := replicaOf(a.s.h, heads...)
	x := r.tamper(rapid.SampledFrom(a.actors).Draw(a.t, "actor"))
	objects := slices.Clone(r.order)
	kinds := map[opRef]chunk.Action{}
	for range steps {
		at := rapid.SampledFrom(objects).Draw(a.t, "object")
		o := r.objects[at]
		if o == nil {
			o = &replicaObject{at: at, action: kinds[at]}
		}
		var made opRef
		var as chunk.Action
		if o.action == chunk.ActionMakeMap {
			made, as = a.onMap(x, o)
		} else {
			made, as = a.onSequence(x, o)
		}
		if as.Makes() {
			objects, kinds[made] = append(objects, made, made), as // likely to be written to
		}
	}
	c, err := x.build()
	if err != nil {
		return nil
	}
	return c
}

func (a *attack) onMap(x *tampered, o *replicaObject) (opRef, chunk.Action) {
	keys := []string{"title", "createdBy", "by", "secret", "reopened", "withdrawn", "proxy", "helpersWanted", "body", "replies", "offers", "supports",
		"closings", "posts", "moderation", "status", "idea", "handovers", "claims", "newer", "", "answers", "kind"}
	keys = append(keys, a.known...)
	for _, key := range sortedKeys(o.keys) {
		keys = append(keys, key, key)
	}
	key := rapid.SampledFrom(keys).Draw(a.t, "key")
	act := rapid.SampledFrom([]chunk.Action{
		chunk.ActionSet, chunk.ActionSet, chunk.ActionSet, chunk.ActionDelete, chunk.ActionMakeMap, chunk.ActionMakeMap, chunk.ActionMakeText,
		chunk.ActionMakeList, chunk.ActionIncrement,
	}).Draw(a.t, "action")
	var v chunk.Value
	switch act {
	case chunk.ActionSet:
		v = a.value()
	case chunk.ActionIncrement:
		v = chunk.IntValue(1)
	}
	if act == chunk.ActionDelete || act == chunk.ActionIncrement || rapid.Bool().Draw(a.t, "over") {
		return x.over(o, key, act, v), act
	}
	return x.put(o.at, key, act, v), act
}

func (a *attack) value() chunk.Value {
	return rapid.SampledFrom(append([]chunk.Value{
		chunk.StringValue("tampered"), chunk.StringValue(aTime()), chunk.BoolValue(true), chunk.BoolValue(false), chunk.IntValue(7),
		chunk.TimestampValue(noon), chunk.CounterValue(1), {Kind: chunk.ValueNull}, chunk.StringValue(""), chunk.StringValue(a.p.Member),
	}, values(a.known)...)).Draw(a.t, "value")
}

func values(of []string) (all []chunk.Value) {
	for _, s := range of {
		all = append(all, chunk.StringValue(s))
	}
	return all
}

func (a *attack) onSequence(x *tampered, o *replicaObject) (opRef, chunk.Action) {
	after := opRef{}
	if len(o.elems) > 0 {
		after = rapid.SampledFrom(o.elems).Draw(a.t, "element")
	}
	op := craftedOp{object: o.at, elem: after, sequence: true}
	switch rapid.IntRange(0, 4).Draw(a.t, "edit") {
	case 0:
		if after != (opRef{}) {
			x.remove(o.at, after)
			return opRef{}, chunk.ActionDelete
		}
	case 1:
		op.Op = chunk.Op{Insert: true, Action: chunk.ActionMark, Value: chunk.BoolValue(true), MarkName: "bold", HasMarkName: true, Expand: true}
		first := x.add(op)
		end := op
		end.elem, end.Op = first, chunk.Op{Insert: true, Action: chunk.ActionMark}
		return x.add(end), chunk.ActionMark
	case 2:
		op.Op = chunk.Op{Insert: true, Action: chunk.ActionMakeMap}
		return x.add(op), chunk.ActionMakeMap
	}
	op.Op = chunk.Op{Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("T")}
	return x.add(op), chunk.ActionSet
}

// forms are changes that have the shape of honest ones, with something wrong.
func (a *attack) form() *chunk.Change {
	r := replicaOf(a.s.h)
	x := r.tamper(rapid.SampledFrom(a.actors).Draw(a.t, "actor"))
	var maps []*replicaObject
	for _, at := range r.order {
		o := r.objects[at]
		if o.action == chunk.ActionMakeMap && containers[lastPart(o.path)] {
			maps = append(maps, o)
		}
	}
	in := rapid.SampledFrom(maps).Draw(a.t, "map")
	parent := in.at
	if rapid.IntRange(0, 3).Draw(a.t, "another map") == 0 { // beside the one that is there
		parent = x.makeMap(r.at(a.t, in.path[:len(in.path)-len(lastPart(in.path))-1]).at, lastPart(in.path))
	}
	key := rapid.SampledFrom(a.known).Draw(a.t, "id")
	if rapid.Bool().Draw(a.t, "new") {
		key = string(ident(fmt.Sprint("tampered ", rapid.IntRange(0, 9).Draw(a.t, "n"))))
	}
	var e opRef
	if rapid.IntRange(0, 3).Draw(a.t, "replace") == 0 {
		e = x.over(in, key, chunk.ActionMakeMap, chunk.Value{})
	} else {
		e = x.makeMap(parent, key)
	}
	signed := a.p.Member
	if rapid.IntRange(0, 3).Draw(a.t, "forged") == 0 {
		signed = rapid.SampledFrom(a.known).Draw(a.t, "as")
	}
	for _, f := range []string{"createdBy", "by", "createdAt", "kind", "title", "outcome", "answer", "target", "action", "secretHash", "secret", "status"} {
		v := "remove"
		switch f {
		case "createdBy", "by":
			v = signed
		case "createdAt":
			v = aTime()
		case "target":
			v = rapid.SampledFrom(a.known).Draw(a.t, "target")
		case "secret":
			v = secretOf("a guess")
		case "secretHash":
			v = board.SecretHash(secretOf("a guess"))
		}
		if fieldsOf(lastPart(in.path), f) {
			x.set(e, f, v)
		}
	}
	c, err := x.build()
	if err != nil {
		a.t.Fatalf("%v", err)
	}
	return c
}

var containers = map[string]bool{
	"posts": true, "replies": true, "offers": true, "closings": true, "terms": true, "acks": true, "answers": true, "handovers": true, "claims": true,
	"moderation": true,
}

func fieldsOf(container, field string) bool {
	for _, s := range shapes {
		if s.kind == kindEntry && s.name == container {
			return s.fields[field] != nil
		}
	}
	return false
}

func lastPart(path string) string {
	i := len(path)
	for i > 0 && path[i-1] != '/' {
		i--
	}
	return path[i:]
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// others is what a page shows of what was there before the attack and is not the
// attacker's; what others wrote in the attacker's posts is part of it. Of a kiosk
// nothing that is there is its own any more.
func (a *attack) others() string {
	page, err := board.ReadPage(a.s.h)
	if err != nil {
		a.t.Fatalf("%v", err)
	}
	gone := func(id board.ID, by string) bool {
		return !slices.Contains(a.ids, string(id)) || !a.p.Kiosk && a.p.owns(by)
	}
	var all []board.Post
	for _, p := range page.Posts {
		if !slices.Contains(a.ids, string(p.ID)) {
			continue
		}
		p.Replies = slices.DeleteFunc(p.Replies, func(r board.Reply) bool { return gone(r.ID, r.CreatedBy) })
		p.Offers = slices.DeleteFunc(p.Offers, func(o board.Offer) bool { return gone(o.ID, o.CreatedBy) })
		p.Supports = slices.DeleteFunc(p.Supports, a.p.owns)
		p.Terms = slices.DeleteFunc(p.Terms, func(x board.Terms) bool { return gone(x.ID, "") })
		p.Acks = slices.DeleteFunc(p.Acks, func(x board.Ack) bool { return gone(x.ID, "") })
		p.Handovers = slices.DeleteFunc(p.Handovers, func(x board.Handover) bool { return gone(x.ID, "") })
		for i := range p.Offers {
			p.Offers[i].Answers = slices.DeleteFunc(p.Offers[i].Answers, func(v board.Answer) bool { return gone(v.ID, v.By) })
		}
		if Allowed(a.p.Roles, SetIdea, Other) {
			p.Idea = board.Idea{}
			delete(p.Concurrent, "idea.status")
			delete(p.Concurrent, "idea.reason")
			if len(p.Concurrent) == 0 {
				p.Concurrent = nil
			}
		}
		if a.p.owns(p.HeldBy()) && !a.p.Kiosk {
			p = board.Post{ID: p.ID, Replies: p.Replies, Offers: p.Offers, Supports: p.Supports, Terms: p.Terms, Acks: p.Acks}
		}
		if p.ID == a.helped {
			p.Title, p.Body, p.When, p.Place, p.HelpersWanted = "", "", board.When{}, "", 0
			for _, field := range []string{"title", "when.start", "when.end", "when.repeat", "when.note", "place", "helpersWanted"} {
				delete(p.Concurrent, field)
			}
			if len(p.Concurrent) == 0 {
				p.Concurrent = nil
			}
		}
		all = append(all, p)
	}
	page.Moderation = slices.DeleteFunc(page.Moderation, func(r board.Record) bool { return gone(r.ID, "") })
	slices.SortFunc(all, func(x, y board.Post) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return asJSON(a.t, []any{all, page.Moderation})
}

// accept makes the enemy a helper of somebody's post in half of the cases, also a
// kiosk, to which that gives nothing; in others it is declined again. It returns
// the post that the enemy may help with.
func (s *story) accept(rt *rapid.T, enemy *device) board.ID {
	posts := enemy.read().Posts
	at := slices.IndexFunc(posts, func(p board.Post) bool {
		return slices.ContainsFunc(s.devices, func(d *device) bool { return d.p.owns(p.HeldBy()) && !d.p.Kiosk })
	})
	if at < 0 || rapid.Bool().Draw(rt, "helps nobody") {
		return ""
	}
	post, offer := posts[at].ID, s.id()
	holder := s.devices[slices.IndexFunc(s.devices, func(d *device) bool { return d.p.owns(posts[at].HeldBy()) })]
	enemy.must(enemy.OfferHelp(enemy.now, post, board.NewOffer{ID: offer, CreatedBy: enemy.ref}))
	enemy.push(s.s)
	holder.pull(s.s)
	holder.must(holder.AnswerOffer(holder.now, post, offer, board.NewVote{ID: s.id(), Is: "accepted", By: holder.ref}))
	declined := rapid.IntRange(0, 2).Draw(rt, "declined again") == 0
	if declined {
		holder.must(holder.AnswerOffer(holder.now, post, offer, board.NewVote{ID: s.id(), Is: "declined", By: holder.ref}))
	}
	holder.push(s.s)
	enemy.pull(s.s)
	if declined || enemy.p.Kiosk {
		return ""
	}
	return post
}

// Whatever a tampered client of a resident, of a kiosk, or of a moderator or deputy
// sends: what others wrote is shown as before, byte by byte, but for what the role
// is for: new records of moderation, what becomes of ideas, and where and when a
// post happens that it was accepted for.
func TestNobodyAltersWhatOthersWrote(t *testing.T) {
	accepted, refused := 0, map[Reason]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := &story{t: rt, s: newPageServer(), devices: cast(rt)}
		for range 20 {
			s.step()
		}
		for range 2 {
			for _, d := range s.devices {
				d.sync(s.s)
			}
		}
		enemy := member("enemy", rapid.SampledFrom([]Role{Resident, Resident, Ambassador, Moderator, Deputy}).Draw(rt, "role"))
		if rapid.IntRange(0, 3).Draw(rt, "kiosk") == 0 {
			enemy = kioskOf("kiosk 2")
			enemy.Device = "device of the enemy"
		}
		a := &attack{t: rt, s: s.s, p: enemy, actors: []id.Actor{"an enemy's actor", "an enemy's actor", "an enemy's actor", s.devices[0].actor}}
		d := onPage(rt, "enemy", enemy) // something of its own
		d.pull(s.s)
		d.must(d.AddPost(d.now, d.request("own")))
		if posts := d.read().Posts; len(posts) > 1 {
			d.must(d.Reply(d.now, posts[1].ID, board.NewReply{ID: ident("own reply"), Body: "ja", CreatedBy: d.ref}))
		}
		if posts := d.read().Posts; len(posts) > 1 && Allowed(enemy.Roles, Moderate, Other) && !enemy.Kiosk {
			d.must(d.Moderate(d.now, board.NewRecord{ID: ident("own record"), Target: posts[1].ID, Action: "hide", By: d.ref}))
		}
		d.push(s.s)
		helped := s.accept(rt, d)
		for _, e := range s.s.x.entries[1:] {
			a.known = append(a.known, string(board.IDFromBytes(e.id)))
		}
		a.ids = slices.Clone(a.known)
		a.known = append(a.known, s.s.x.refs[1:]...)
		a.helped = helped
		want := a.others()
		for range rapid.IntRange(1, 30).Draw(rt, "changes") {
			c := a.next()
			if c == nil {
				continue
			}
			_, err := s.s.h.AddFrom(c, a.p)
			var r *Refusal
			switch {
			case errors.As(err, &r):
				refused[r.Reason]++
				continue
			case err != nil:
				continue // no valid change
			}
			accepted++
			if got := a.others(); got != want {
				rt.Fatalf("the change %v was accepted, and changed %s", dump(c), difference(want, got))
			}
		}
	})
	t.Logf("%d accepted, refused: %v", accepted, refused)
	if accepted == 0 || len(refused) < 5 {
		t.Errorf("%d accepted, %d reasons of refusal: the attacks are too much alike", accepted, len(refused))
	}
}

func (a *attack) next() *chunk.Change {
	if rapid.Bool().Draw(a.t, "form") {
		return a.form()
	}
	return a.tamper(rapid.IntRange(1, 5).Draw(a.t, "operations"))
}

func dump(c *chunk.Change) (all []string) {
	for _, op := range c.Ops() {
		all = append(all, fmt.Sprintf("%v %v key=%q elem=%v %q pred=%v", op.Object, op.Action, op.Key, op.Elem, op.Value.Bytes, op.Pred))
	}
	return all
}

// difference is where two texts differ.
func difference(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	around := func(s string) string { return s[max(0, min(at-200, len(s))):min(at+200, len(s))] }
	return fmt.Sprintf("\n%s\nto\n%s", around(a), around(b))
}
