package rights

import (
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

func newTitle(x *scene) func(*replica, *tampered) {
	return func(r *replica, c *tampered) {
		c.over(r.at(x.t, postPath), "title", chunk.ActionSet, chunk.StringValue("ny"))
	}
}

// withdrawn sets the field of the offer, as who made it.
func (x *scene) withdrawn(offer string, v chunk.Value) {
	x.t.Helper()
	if got := x.attempt(func(r *replica, c *tampered) {
		c.over(r.at(x.t, postPath+"/offers/"+string(ident(offer))), "withdrawn", chunk.ActionSet, v)
	}); got != 0 {
		x.t.Fatalf("withdrawn: %v", got)
	}
}

// record lets a moderator record something.
func (x *scene) record(name, target, action string, restores ...string) {
	x.t.Helper()
	r := replicaOf(x.s.h)
	c := r.tamper("the moderator's actor")
	e := c.makeMap(r.at(x.t, "/moderation").at, string(ident(name)))
	c.set(e, "by", string(ident("eva")))
	c.set(e, "target", string(ident(target)))
	c.set(e, "action", action)
	set := c.makeMap(e, "restores")
	for _, id := range restores {
		c.put(set, string(ident(id)), chunk.ActionSet, chunk.BoolValue(true))
	}
	if got := x.s.add(x.t, c.change(x.t), member("eva", Moderator)); got != 0 {
		x.t.Fatalf("the record is refused: %v", got)
	}
}

// Step by step, who helps with a post and who does not any more.
func TestWhoHelps(t *testing.T) {
	x := newScene(t, Resident, Other)
	want := func(says string, want Reason) {
		t.Helper()
		if got := x.attempt(newTitle(x)); got != want {
			t.Errorf("%s: %v, want %v", says, got, want)
		}
	}
	want("no offer", NotYours)
	x.offer("first", x.p)
	want("an offer that nobody answered", NotYours)
	x.answer("help", "accepted")
	want("somebody else's offer is accepted", NotYours)
	x.answer("first", "thinking")
	want("an answer that is none", NotYours)
	x.answer("first", "accepted")
	want("accepted", 0)
	x.answer("first", "thinking")
	want("accepted, and an answer that is none", 0)
	x.answer("first", "declined")
	want("declined later", NotYours)
	x.answer("first", "accepted")
	x.answer("first", "accepted")
	want("accepted again, and once more", 0)
	x.withdrawn("first", chunk.BoolValue(false))
	want("not withdrawn", 0)
	x.withdrawn("first", chunk.StringValue(aTime()))
	want("withdrawn", NotYours)
	x.withdrawn("first", chunk.BoolValue(false))
	x.answer("first", "accepted")
	want("withdrawn once, and accepted again", NotYours)
	x.offerAs("of a visit", x.p, x.p.Member+"."+string(ident("visit")))
	x.withdrawn("of a visit", chunk.Value{Kind: chunk.ValueNull})
	x.answer("of a visit", "accepted")
	want("signed as a visit to the member", 0)
	x.answer("of a visit", "declined")
	x.offer("second", x.p)
	x.answer("second", "accepted")
	want("a new offer", 0)
	x.record("hidden", "second", "hide")
	want("hidden", 0)
	x.record("removed", "second", "remove")
	want("removed", NotYours)
	x.record("restored", "second", "restore", "removed")
	x.answer("second", "accepted")
	want("restored, and accepted again", NotYours)
	x.offer("third", x.p)
	x.offer("fourth", x.p)
	x.answer("third", "accepted")
	x.answer("fourth", "accepted")
	x.answer("third", "declined")
	want("one offer of two is declined", 0)
	x.answer("fourth", "declined")
	want("both are declined", NotYours)
}

// A helper changes what is said together, of that post, and nothing else.
func TestHelperEditsNothingElse(t *testing.T) {
	x := newScene(t, Resident, Other)
	x.help()
	for key, v := range map[string]chunk.Value{
		"urgency": chunk.StringValue("today"), "expiresOn": chunk.TimestampValue(1), "author": chunk.StringValue("x"), "lang": chunk.StringValue("nl"), "newer": chunk.IntValue(1),
	} {
		if got := x.attempt(func(r *replica, c *tampered) { c.over(r.at(t, postPath), key, chunk.ActionSet, v) }); got != NotYours {
			t.Errorf("%s: %v", key, got)
		}
	}
	for says, f := range map[string]func(r *replica, c *tampered){
		"a tag": func(r *replica, c *tampered) {
			c.put(c.makeMap(r.at(t, postPath).at, "tags"), "x", chunk.ActionSet, chunk.BoolValue(true))
		},
		"a reply": func(r *replica, c *tampered) { c.insert(r.at(t, replyPath+"/body").at, opRef{}, "!") },
		"an answer": func(r *replica, c *tampered) {
			x.entry(r, c, postPath+"/offers/"+string(ident("help"))+"/answers", "by", "answer", "accepted")
		},
		"a closing": func(r *replica, c *tampered) { x.entry(r, c, postPath+"/closings", "by", "outcome", "foundHere") },
		"a hand-over": func(r *replica, c *tampered) {
			x.entry(r, c, postPath+"/handovers", "by", "secretHash", board.SecretHash(secretOf("x")))
		},
	} {
		if got := x.attempt(f); got != NotYours {
			t.Errorf("%s: %v", says, got)
		}
	}
	bo := onPage(t, "bo", member("bo", Resident))
	bo.must(bo.AddPost(noon, bo.request("another post")))
	bo.pull(x.s)
	bo.push(x.s)
	if got := x.attempt(func(r *replica, c *tampered) {
		c.over(r.at(t, path("posts", ident("another post"))), "title", chunk.ActionSet, chunk.StringValue("ny"))
	}); got != NotYours {
		t.Errorf("another's post: %v", got)
	}
	if got := x.attempt(newTitle(x)); got != 0 {
		t.Errorf("the title: %v", got)
	}
}

// Between an edit by a helper and what takes it back, the server goes by what it
// has accepted.
func TestHelperIsDeclinedAtTheSameTime(t *testing.T) {
	for _, declinedFirst := range []bool{true, false} {
		s := newPageServer()
		anna, bo := onPage(t, "anna", member("anna", Resident)), onPage(t, "bo", member("bo", Resident))
		form := anna.request("summer party")
		anna.must(anna.AddPost(noon, form))
		anna.push(s)
		bo.pull(s)
		bo.must(bo.OfferHelp(noon, form.ID, board.NewOffer{ID: ident("o"), CreatedBy: bo.ref}))
		bo.push(s)
		early := bo.must(bo.EditPost(noon, form.ID, board.PostEdit{Title: ptr("before")}))
		if got := s.add(t, early, bo.p); got != NotYours {
			t.Errorf("an edit before the answer: %v", got)
		}
		anna.pull(s)
		anna.must(anna.AnswerOffer(noon, form.ID, ident("o"), board.NewVote{ID: ident("yes"), Is: "accepted", By: anna.ref}))
		anna.push(s)
		// What was refused before the answer is taken after it: it is the same change.
		if got := s.add(t, early, bo.p); got != 0 {
			t.Errorf("the same edit after the answer: %v", got)
		}
		bo.pull(s)
		decline := anna.must(anna.AnswerOffer(noon, form.ID, ident("o"), board.NewVote{ID: ident("no"), Is: "declined", By: anna.ref}))
		edit := bo.must(bo.EditPost(noon, form.ID, board.PostEdit{Place: ptr("gården")}))
		want := Reason(0)
		if declinedFirst {
			want = NotYours
			if got := s.add(t, decline, anna.p); got != 0 {
				t.Fatalf("declining: %v", got)
			}
		}
		if got := s.add(t, edit, bo.p); got != want {
			t.Errorf("declined first: %v; the edit: %v, want %v", declinedFirst, got, want)
		}
	}
}

// Who takes a post over takes it from the volunteer altogether, and says who helps.
func TestHelpersOfWhatWasHandedOver(t *testing.T) {
	s, carl, inger, bo, post := handedOver(t)
	for _, d := range []*device{carl, bo} {
		d.must(d.OfferHelp(noon, post, board.NewOffer{ID: ident("offer of " + d.name), CreatedBy: d.ref}))
		d.push(s)
	}
	carl.pull(s)
	for _, d := range []*device{carl, bo} {
		carl.must(carl.AnswerOffer(noon, post, ident("offer of "+d.name), board.NewVote{ID: ident("yes to " + d.name), Is: "accepted", By: carl.ref}))
	}
	carl.push(s)
	inger.pull(s)
	inger.must(inger.Claim(noon, post, claimOf(inger)))
	inger.push(s)
	carl.pull(s)
	if got := s.add(t, carl.must(carl.EditPost(noon, post, board.PostEdit{Title: ptr("Stol")})), carl.p); got != NotYours {
		t.Errorf("an edit by who accepted himself: %v", got)
	}
	bo.pull(s)
	bo.must(bo.EditPost(noon, post, board.PostEdit{Title: ptr("Sofa, 2 personer")}))
	bo.push(s)
	inger.must(inger.AnswerOffer(noon, post, ident("offer of bo"), board.NewVote{ID: ident("no to bo"), Is: "declined", By: inger.ref}))
	inger.push(s)
	bo.pull(s)
	if got := s.add(t, bo.must(bo.EditPost(noon, post, board.PostEdit{Title: ptr("Stol")})), bo.p); got != NotYours {
		t.Errorf("a helper whom the neighbour declined: %v", got)
	}
}

// An answer of nobody, in a document that was written without rules, makes nobody
// a helper; one that declines is believed.
func TestAnswersOfNobody(t *testing.T) {
	x := newScene(t, Resident, Other)
	unruled := func(answer string) {
		t.Helper()
		x.n++
		r := replicaOf(x.s.h)
		c := r.tamper("nobody's actor")
		e := c.makeMap(r.at(t, postPath+"/offers/"+string(ident("first"))+"/answers").at, string(ident(answer)))
		c.set(e, "by", x.maker.ref)
		c.set(e, "answer", answer)
		x.s.h.SetGuard(nil)
		if _, err := x.s.h.Add(c.change(t)); err != nil {
			t.Fatal(err)
		}
		x.s.h.SetGuard(x.s)
	}
	x.offer("first", x.p)
	unruled("accepted")
	if got := x.attempt(newTitle(x)); got != NotYours {
		t.Errorf("accepted by nobody: %v", got)
	}
	x.answer("first", "accepted")
	if got := x.attempt(newTitle(x)); got != 0 {
		t.Errorf("accepted by the holder: %v", got)
	}
	unruled("declined")
	if got := x.attempt(newTitle(x)); got != NotYours {
		t.Errorf("declined by nobody: %v", got)
	}
}

// Whoever moderates leaves what is their own to others.
func TestNobodyModeratesTheirOwn(t *testing.T) {
	x := newScene(t, Moderator, Own)
	for _, target := range []string{"post", "reply", "offer", "help"} {
		for _, action := range []string{"hide", "remove", "label", "restore"} {
			want := RoleMayNot
			if target == "help" {
				want = 0
			}
			if got := x.attempt(func(r *replica, c *tampered) {
				x.entry(r, c, "/moderation", "by", "target", string(ident(target)), "action", action)
			}); got != want {
				t.Errorf("%s %s: %v, want %v", action, target, got, want)
			}
		}
	}
	if got := x.attempt(func(r *replica, c *tampered) {
		x.newPost(r, c)
		x.entry(r, c, "/moderation", "by", "target", string(ident(fmt.Sprint("/posts", x.n))), "action", "label")
	}); got != RoleMayNot {
		t.Errorf("a post that the change makes: %v", got)
	}
	if got := x.attempt(func(r *replica, c *tampered) {
		x.entry(r, c, "/moderation", "by", "target", string(ident("on another page")), "action", "hide")
	}); got != 0 {
		t.Errorf("a post of another page: %v", got)
	}
	x.record("about help", "help", "remove")
	x.record("about the post", "post", "remove")
	restore := func(id string) Reason {
		return x.attempt(func(r *replica, c *tampered) {
			e := x.entry(r, c, "/moderation", "by", "target", string(ident("help")), "action", "restore")
			c.put(c.makeMap(e, "restores"), string(ident(id)), chunk.ActionSet, chunk.BoolValue(true))
		})
	}
	if got := restore("about the post"); got != RoleMayNot {
		t.Errorf("a restore of one's own post under another's name: %v", got)
	}
	if got := restore("about help"); got != 0 {
		t.Errorf("a restore of another's offer: %v", got)
	}
}
