package rights

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// typed1 writes a text field that is typed character by character.
func typed1(c *tampered, object opRef, key, s string) {
	text, after := c.put(object, key, chunk.ActionMakeText, chunk.Value{}), opRef{}
	for _, char := range s {
		after = c.insert(text, after, string(char))
	}
}

// newPost is a post that is right; what is added to it may be wrong.
func (x *scene) newPost(r *replica, c *tampered) opRef {
	return x.entry(r, c, "/posts", "createdBy", "kind", "request", "title", "Sofa")
}

var (
	postPath  = path("posts", ident("post"))
	replyPath = path("posts", ident("post"), "replies", ident("reply"))
)

// What a tampered client may try on a page, and why it is refused.
var refusals = []struct {
	says string
	role Role
	r    Relation
	want Reason
	try  func(x *scene, r *replica, c *tampered)
}{
	{"write on the root", Owner, Own, GenesisOnly, func(x *scene, r *replica, c *tampered) { c.set(opRef{}, "kind", "board") }},
	{"overwrite posts", Resident, Own, GenesisOnly, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, ""), "posts", chunk.ActionMakeMap, chunk.Value{})
	}},
	{"make posts beside", Resident, Own, GenesisOnly, func(x *scene, r *replica, c *tampered) { c.makeMap(opRef{}, "posts") }},
	{"delete moderation", Moderator, Own, GenesisOnly, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, ""), "moderation", chunk.ActionDelete, chunk.Value{})
	}},
	{"a new field of the page", Owner, Own, UnknownPlace, func(x *scene, r *replica, c *tampered) { c.makeMap(opRef{}, "polls") }},

	{"replace one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, "/posts"), string(ident("post")), chunk.ActionMakeMap, chunk.Value{})
	}},
	{"delete another's post", Resident, Other, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, "/posts"), string(ident("post")), chunk.ActionDelete, chunk.Value{})
	}},
	{"delete one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, "/posts"), string(ident("post")), chunk.ActionDelete, chunk.Value{})
	}},
	{"a string beside a post", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		c.set(r.at(x.t, "/posts").at, string(ident("post")), "x")
	}},
	{"make another's post again", Resident, Other, NotYours, func(x *scene, r *replica, c *tampered) {
		e := c.makeMap(r.at(x.t, "/posts").at, string(ident("post")))
		c.set(e, "createdBy", x.p.Member)
		c.set(e, "kind", "request")
	}},
	{"make another's reply again in a map of replies beside", Resident, Other, NotYours, func(x *scene, r *replica, c *tampered) {
		e := c.makeMap(c.makeMap(r.at(x.t, postPath).at, "replies"), string(ident("reply")))
		c.set(e, "createdBy", x.p.Member)
	}},
	{"use the id of another's reply on one's own post", Resident, Other, TakenID, func(x *scene, r *replica, c *tampered) {
		e := x.newPost(r, c)
		c.set(c.makeMap(c.makeMap(e, "replies"), string(ident("reply"))), "createdBy", x.p.Member)
	}},
	{"one id twice in a change", Resident, Own, TakenID, func(x *scene, r *replica, c *tampered) {
		x.newPost(r, c)
		x.newPost(r, c)
	}},
	{"delete the replies to one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "replies", chunk.ActionDelete, chunk.Value{})
	}},
	{"replace the replies to one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "replies", chunk.ActionMakeMap, chunk.Value{})
	}},
	{"delete who supports one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "supports", chunk.ActionDelete, chunk.Value{})
	}},
	{"replies as a text", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		c.put(r.at(x.t, postPath).at, "replies", chunk.ActionMakeText, chunk.Value{})
	}},
	{"delete another's reply to one's own post", Resident, Own, NeverDeleted, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath+"/offers"), string(ident("help")), chunk.ActionDelete, chunk.Value{})
	}},

	{"a post in another's name", Resident, Other, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, "/posts").at, string(ident("new"))), "createdBy", x.maker.ref)
	}},
	{"a post with two names", Resident, Other, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(x.newPost(r, c), "createdBy", x.maker.ref)
	}},
	{"a post with two names of one's own", Resident, Own, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(x.newPost(r, c), "createdBy", x.p.Member+"."+string(ident("visit")))
	}},
	{"make another's terms again", Resident, Own, NotYours, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, postPath+"/terms").at, string(ident("terms"))), "task", "ingenting")
	}},
	{"make the post of an earlier visit again", Visitor, Own, RoleMayNot, func(x *scene, r *replica, c *tampered) {
		e := c.makeMap(r.at(x.t, "/posts").at, string(ident("post")))
		c.set(e, "createdBy", x.maker.ref)
		c.set(e, "kind", "request")
	}},
	{"a name that only begins like one's own", Resident, Other, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, "/posts").at, string(ident("new"))), "createdBy", x.p.Member+"x")
	}},
	{"a visit that is no id", Resident, Own, BadID, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, "/posts").at, string(ident("new"))), "createdBy", x.p.Member+".Inger Jensen")
	}},
	{"one's own post again, as a visit", Resident, Own, Forged, func(x *scene, r *replica, c *tampered) {
		e := c.makeMap(r.at(x.t, "/posts").at, string(ident("post")))
		c.set(e, "createdBy", x.p.Member+"."+string(ident("visit")))
	}},
	{"an answer in another's name", Resident, Own, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, postPath+"/offers/"+string(ident("help"))+"/answers").at, string(ident("a"))), "by", string(ident("helper")))
	}},
	{"a volunteer who is another", Connector, Own, Forged, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(x.newPost(r, c), "proxy"), "connector", string(ident("anna")))
	}},
	{"a post without a name", Resident, Own, Incomplete, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, "/posts").at, string(ident("new"))), "kind", "request")
	}},
	{"a post of no kind", Resident, Own, Incomplete, func(x *scene, r *replica, c *tampered) { x.entry(r, c, "/posts", "createdBy", "title", "x") }},
	{"a removal of nothing", Moderator, Own, Incomplete, func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, "/moderation", "by", "action", "remove")
	}},
	{"a second supporter of oneself", Resident, Other, NotYours, func(x *scene, r *replica, c *tampered) {
		c.put(r.at(x.t, postPath+"/supports").at, x.p.Member+"."+string(ident("visit")), chunk.ActionSet, chunk.BoolValue(true))
	}},
	{"the map of replies twice", Visitor, Other, TooMany, func(x *scene, r *replica, c *tampered) {
		c.makeMap(r.at(x.t, postPath).at, "replies")
		c.makeMap(r.at(x.t, postPath).at, "replies")
	}},
	{"2001 objects that nobody knows", Resident, Own, TooMany, func(x *scene, r *replica, c *tampered) {
		for range madeMax + 1 {
			c.makeMap(r.at(x.t, postPath).at, "newer")
		}
	}},
	{"a counter that counts", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		n := c.put(r.at(x.t, postPath).at, "newer", chunk.ActionSet, chunk.CounterValue(0))
		c.add(craftedOp{object: r.at(x.t, postPath).at, pred: []opRef{n}, Op: chunk.Op{Key: "newer", Action: chunk.ActionIncrement, Value: chunk.IntValue(1)}})
	}},
	{"another's reference among who supports", Resident, Other, NotYours, func(x *scene, r *replica, c *tampered) {
		c.put(r.at(x.t, postPath+"/supports").at, x.maker.ref, chunk.ActionSet, chunk.BoolValue(true))
	}},

	{"who made it, later", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "createdBy", chunk.ActionSet, chunk.StringValue(x.p.Member))
	}},
	{"when it was made, beside", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) { c.set(r.at(x.t, postPath).at, "createdAt", aTime()) }},
	{"no kind any more", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "kind", chunk.ActionDelete, chunk.Value{})
	}},
	{"a post for a neighbour, later", Matchmaker, Own, SetOnce, func(x *scene, r *replica, c *tampered) { c.makeMap(r.at(x.t, postPath).at, "proxy") }},
	{"permission for longer", Connector, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		e := x.newPost(r, c)
		c.set(c.makeMap(e, "proxy"), "kind", "self")
		if got := x.s.add(x.t, c.change(x.t), x.p); got != 0 {
			x.t.Fatalf("the post is refused: %v", got)
		}
		*r = *replicaOf(x.s.h)
		*c = *r.tamper(c.actor)
		c.put(r.at(x.t, path("posts", ident(fmt.Sprint("/posts", x.n)), "proxy")).at, "permittedUntil", chunk.ActionSet, chunk.TimestampValue(noon))
	}},
	{"another outcome of one's own closing", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		e := x.entry(r, c, postPath+"/closings", "by", "outcome", "foundHere")
		c.add(craftedOp{object: e, pred: []opRef{{e.counter + 1, e.actor}}, Op: chunk.Op{Key: "by", Action: chunk.ActionSet, Value: chunk.StringValue(x.p.Member)}})
	}},
	{"one's own record of moderation again", Moderator, Other, SetOnce, func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, "/moderation", "by", "target", string(ident("post")), "action", "remove")
		if got := x.s.add(x.t, c.change(x.t), x.p); got != 0 {
			x.t.Fatalf("the record is refused: %v", got)
		}
		*r = *replicaOf(x.s.h)
		*c = *r.tamper(c.actor)
		x.entry(r, c, "/moderation", "by", "target", string(ident("post")), "action", "restore")
	}},
	{"one's own terms again, when others agreed", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		c.makeMap(r.at(x.t, postPath).at, "terms")
		x.entry(r, c, postPath+"/terms", "", "task", "snerydning")
		if got := x.s.add(x.t, c.change(x.t), x.p); got != 0 {
			x.t.Fatalf("the terms are refused: %v", got)
		}
		*r = *replicaOf(x.s.h)
		*c = *r.tamper(c.actor)
		x.entry(r, c, postPath+"/terms", "", "task", "alt andet")
	}},
	{"a hand-over again", Resident, Own, SetOnce, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, postPath+"/handovers").at, string(ident("handover"))), "by", x.p.Member)
	}},

	{"an idea that is planned by who has it", Resident, Own, RoleMayNot, func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(x.newPost(r, c), "idea"), "status", "planned")
	}},
	{"a body that is a string", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) { c.set(x.newPost(r, c), "body", "x") }},
	{"a title that is a text", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) { typed1(c, x.newPost(r, c), "title", "x") }},
	{"a title that is a counter", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		c.put(x.newPost(r, c), "title", chunk.ActionSet, chunk.CounterValue(1))
	}},
	{"a time that is none", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) { c.set(x.newPost(r, c), "createdAt", "in the morning") }},
	{"a map in a text", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		c.add(craftedOp{object: r.at(x.t, postPath+"/body").at, sequence: true, Op: chunk.Op{Insert: true, Action: chunk.ActionMakeMap}})
	}},
	{"a tag that counts", Resident, Own, WrongType, func(x *scene, r *replica, c *tampered) {
		c.put(c.makeMap(x.newPost(r, c), "tags"), "x", chunk.ActionSet, chunk.IntValue(1))
	}},
	{"a key that is no id", Resident, Own, BadID, func(x *scene, r *replica, c *tampered) { c.makeMap(r.at(x.t, "/posts").at, "Inger Jensen") }},
	{"a reply whose key is no id", Resident, Own, BadID, func(x *scene, r *replica, c *tampered) { c.makeMap(r.at(x.t, postPath+"/replies").at, "") }},
	{"a record about no id", Moderator, Own, BadID, func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, "/moderation", "by", "target", "Inger", "action", "remove")
	}},

	{"a restore of no id", Moderator, Own, BadID, func(x *scene, r *replica, c *tampered) {
		e := x.entry(r, c, "/moderation", "by", "target", string(ident("post")), "action", "restore")
		c.put(c.makeMap(e, "restores"), "Inger", chunk.ActionSet, chunk.BoolValue(true))
	}},
	{"a restore of 201 records", Moderator, Own, TooMany, func(x *scene, r *replica, c *tampered) {
		e := x.entry(r, c, "/moderation", "by", "target", string(ident("post")), "action", "restore")
		restores := c.makeMap(e, "restores")
		for i := range 201 {
			c.put(restores, string(ident(fmt.Sprint(i))), chunk.ActionSet, chunk.BoolValue(true))
		}
	}},

	{"a long title", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) { c.set(x.newPost(r, c), "title", strings.Repeat("æ", 81)) }},
	{"a long body", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		typed1(c, x.newPost(r, c), "body", strings.Repeat("æ", 4001))
	}},
	{"a long body in one element", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		c.insert(c.put(x.newPost(r, c), "body", chunk.ActionMakeText, chunk.Value{}), opRef{}, strings.Repeat("æ", 4001))
	}},
	{"a long reply", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		typed1(c, x.entry(r, c, postPath+"/replies", "createdBy"), "body", strings.Repeat("a", 2001))
	}},
	{"a long value of a newer version", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		c.set(x.newPost(r, c), "ofANewerVersion", strings.Repeat("a", 4001))
	}},
	{"a long key of a newer version", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		c.set(x.newPost(r, c), strings.Repeat("a", 201), "")
	}},
	{"a long text of a newer version", Resident, Own, TooLong, func(x *scene, r *replica, c *tampered) {
		typed1(c, x.newPost(r, c), "ofANewerVersion", strings.Repeat("a", 4001))
	}},
	{"21 tags", Resident, Own, TooMany, func(x *scene, r *replica, c *tampered) {
		tags := c.makeMap(x.newPost(r, c), "tags")
		for i := range 21 {
			c.put(tags, fmt.Sprint("tag", i), chunk.ActionSet, chunk.BoolValue(true))
		}
	}},
	{"101 replies at once", Resident, Own, TooMany, func(x *scene, r *replica, c *tampered) {
		for range 101 {
			x.n++
			x.entry(r, c, postPath+"/replies", "createdBy")
		}
	}},
	{"texts of nothing but numbers", Resident, Own, TooMany, func(x *scene, r *replica, c *tampered) {
		for range 5 {
			x.n++
			typed1(c, x.entry(r, c, postPath+"/replies", "createdBy"), "body", strings.Repeat("123456789 ", 199))
		}
	}},
	{"CPR in a title", Resident, Own, IdentityNumber, func(x *scene, r *replica, c *tampered) { c.set(x.newPost(r, c), "title", "Jeg er 010170-1234.") }},
	{"BSN in a body", Resident, Own, IdentityNumber, func(x *scene, r *replica, c *tampered) {
		typed1(c, x.newPost(r, c), "body", "Zie ook mijn nummer: 123 456 782, en bel me.")
	}},
	{"CPR typed into a body", Resident, Own, IdentityNumber, func(x *scene, r *replica, c *tampered) {
		after := opRef{}
		for _, char := range "010170 1234" {
			after = c.insert(r.at(x.t, postPath+"/body").at, after, string(char))
		}
	}},
	{"CPR as a tag", Resident, Own, IdentityNumber, func(x *scene, r *replica, c *tampered) {
		c.put(c.makeMap(x.newPost(r, c), "tags"), "010170-1234", chunk.ActionSet, chunk.BoolValue(true))
	}},
	{"CPR in a value of a newer version", Resident, Own, IdentityNumber, func(x *scene, r *replica, c *tampered) {
		list := c.put(x.newPost(r, c), "ofANewerVersion", chunk.ActionMakeList, chunk.Value{})
		c.insert(list, opRef{}, "010170-1234")
	}},
	{"a phone number of a neighbour", Connector, Own, ContactData, func(x *scene, r *replica, c *tampered) {
		e := x.newPost(r, c)
		typed1(c, e, "body", "Ring til Inger på 22 33 44 55.")
		c.set(c.makeMap(e, "proxy"), "kind", "neighbour")
	}},
	{"a mail address of a neighbour, later", Matchmaker, Proxy, ContactData, func(x *scene, r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "place", chunk.ActionSet, chunk.StringValue("inger@example.org"))
	}},
	{"a secret that was guessed", Resident, Other, WrongSecret, func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, postPath+"/handovers/"+string(ident("handover"))+"/claims", "by", "secret", secretOf("a guess"))
	}},
}

func TestRefusals(t *testing.T) {
	seen := map[Reason]bool{NotMember: true, ActorOfAnother: true, AlreadyClaimed: true} // see below
	for _, v := range refusals {
		t.Run(v.says, func(t *testing.T) {
			x := newScene(t, v.role, v.r)
			if got := x.attempt(func(r *replica, c *tampered) { v.try(x, r, c) }); got != v.want {
				t.Errorf("refused as %v, want %v", got, v.want)
			}
		})
		seen[v.want] = true
	}
	for _, r := range AllReasons() {
		if !seen[r] {
			t.Errorf("no test ends with %v", r)
		}
	}
}

// A refusal says where, and nothing of what was written.
func TestRefusalSaysWhere(t *testing.T) {
	x := newScene(t, Resident, Own)
	r := replicaOf(x.s.h)
	c := r.tamper(x.maker.actor)
	c.over(r.at(t, replyPath), "author", chunk.ActionSet, chunk.StringValue("Inger 010170-1234"))
	_, err := x.s.h.AddFrom(c.change(t), x.p)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Path != replyPath[1:]+"/author" || strings.Contains(err.Error(), "Inger") {
		t.Errorf("%v", err)
	}
}

// What is just within the limits is accepted, and what members of one change may
// not do at once they may do one after the other, up to ten times a text's limit.
func TestLimits(t *testing.T) {
	x := newScene(t, Resident, Own)
	if got := x.attempt(func(r *replica, c *tampered) {
		e := x.newPost(r, c)
		typed1(c, e, "body", strings.Repeat("æ", board.BodyMax))
		tags := c.makeMap(e, "tags")
		for i := range board.TagsMax {
			c.put(tags, fmt.Sprint("tag", i), chunk.ActionSet, chunk.BoolValue(true))
		}
		c.set(e, "note", strings.Repeat("æ", board.BodyMax))
		c.set(e, "place", "Nr. 12, tlf. 33 66 33 66")
	}); got != 0 {
		t.Fatalf("a post within its limits is refused: %v", got)
	}
	body := path("posts", ident("/posts1"), "body")
	for i := range 12 {
		got := x.attempt(func(r *replica, c *tampered) {
			c.insert(r.at(t, body).at, opRef{}, strings.Repeat("a", board.BodyMax))
		})
		if want := i >= 9; (got != 0) != want || got != 0 && got != TooLong {
			t.Fatalf("edit %d: %v", i, got)
		}
	}
}

// Nobody in particular, and roles that write nothing, change nothing; nor does an
// actor write for two.
func TestWhoWrites(t *testing.T) {
	for _, v := range []struct {
		says string
		p    Principal
		want Reason
	}{
		{"a resident", member("bo", Resident), 0},
		{"nobody", Principal{}, NotMember},
		{"nobody with a role", Principal{Roles: RolesOf(Owner)}, NotMember},
		{"a member without a device", Principal{Author: Author{Member: string(ident("bo"))}, Roles: RolesOf(Owner)}, NotMember},
		{"a member without a role", member("bo"), NotMember},
		{"an observer", member("bo", Observer), RoleMayNot},
		{"a kiosk with an owner's role only", func() Principal { p := member("bo", Owner); p.Kiosk = true; return p }(), NotMember},
	} {
		s := newPageServer()
		d := onPage(t, "bo", v.p)
		form := d.request("post")
		form.CreatedBy = string(ident("bo"))
		c := d.must(d.AddPost(noon, form))
		if got := s.add(t, d.h.At(0), v.p); got != 0 {
			t.Errorf("%s: the genesis change is refused: %v", v.says, got)
		}
		if got := s.add(t, c, v.p); got != v.want {
			t.Errorf("%s: %v, want %v", v.says, got, v.want)
		}
	}
	s := newPageServer()
	d := onPage(t, "bo", member("bo", Resident))
	d.must(d.AddPost(noon, d.request("post")))
	d.push(s)
	tablet := d.p
	tablet.Device = "tablet"
	if got := s.add(t, d.must(d.AddPost(noon, d.request("post 2"))), tablet); got != ActorOfAnother {
		t.Errorf("one actor on two devices: %v", got)
	}
	if a, ok := s.x.Author(d.actor); !ok || a != d.p.Author {
		t.Errorf("the actor is bound to %v", a)
	}
	if a, ok := s.x.Author(board.BoardGenesis().Actor); !ok || a != (Author{}) {
		t.Errorf("the actor of the genesis change is bound to %v", a)
	}
	if _, ok := s.x.Author("another"); ok {
		t.Error("an actor without a change is bound")
	}
}

// The genesis change of another month or board is not that of this page.
func TestGenesis(t *testing.T) {
	s := newPageServer()
	for _, c := range []*chunk.Change{
		board.BoardGenesis(), board.PageGenesis(board.DemoBoard(), may.Next(), 0), board.PageGenesis(board.DemoBoard(), may, 1),
		board.PageGenesis(id.Document{}, may, 0),
	} {
		if got := s.add(t, c, member("finn", Owner)); got != GenesisOnly {
			t.Errorf("another genesis: %v", got)
		}
	}
	if got := s.add(t, board.PageGenesis(board.DemoBoard(), may, 0), Principal{}); got != 0 {
		t.Errorf("the genesis: %v", got)
	}
	if got := s.add(t, replicaOf(s.h).tamper(board.BoardGenesis().Actor).change(t), member("finn", Owner)); got != GenesisOnly {
		t.Errorf("one more change of the actor of the genesis: %v", got)
	}
}
