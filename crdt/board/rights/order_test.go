package rights

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// handedOver is a post of a volunteer for a neighbour, with a hand-over, on three
// devices that know of it.
func handedOver(t *testing.T) (s *server, carl, inger, bo *device, post board.ID) {
	t.Helper()
	s = newPageServer()
	carl = onPage(t, "carl", member("carl", Connector))
	form := carl.forNeighbour("sofa")
	carl.must(carl.AddPost(noon, form))
	carl.must(carl.HandOver(noon, form.ID, board.NewHandover{ID: ident("handover"), Secret: secretOf("slip"), By: carl.ref}))
	carl.push(s)
	inger, bo = onPage(t, "inger", member("inger", Resident)), onPage(t, "bo", member("bo", Resident))
	inger.pull(s)
	bo.pull(s)
	return s, carl, inger, bo, form.ID
}

func claimOf(d *device) board.NewClaim {
	return board.NewClaim{ID: ident("claim of " + d.name), Secret: secretOf("slip"), By: d.ref}
}

// A claim and an edit by the volunteer who does not know of it: what reaches the
// server first decides.
func TestClaimAndEditAtTheSameTime(t *testing.T) {
	for _, claimFirst := range []bool{true, false} {
		s, carl, inger, _, post := handedOver(t)
		edit := carl.must(carl.EditPost(noon, post, board.PostEdit{Title: ptr("Stol")}))
		claim := inger.must(inger.Claim(noon, post, claimOf(inger)))
		want := Reason(0)
		if claimFirst {
			if got := s.add(t, claim, inger.p); got != 0 {
				t.Fatalf("the claim is refused: %v", got)
			}
			want = NotYours
		}
		if got := s.add(t, edit, carl.p); got != want {
			t.Errorf("claim first: %v; the edit: %v, want %v", claimFirst, got, want)
		}
		if got := s.add(t, claim, inger.p); got != 0 {
			t.Errorf("the claim is refused: %v", got)
		}
		inger.pull(s)
		body := "Det er min sofa."
		if got := s.add(t, inger.must(inger.EditPost(noon, post, board.PostEdit{Body: &body})), inger.p); got != 0 {
			t.Errorf("the neighbour's edit of the post that is theirs: %v", got)
		}
		dina := onPage(t, "dina", member("dina", Matchmaker))
		dina.pull(s)
		if got := s.add(t, dina.must(dina.EditPost(noon, post, board.PostEdit{Title: ptr("x")})), dina.p); got != NotYours {
			t.Errorf("a matchmaker's edit of it: %v", got)
		}
	}
}

// One neighbour has a post, also when two claim it at the same time, or when one
// reads the secret from the other's claim.
func TestOnlyOneClaims(t *testing.T) {
	s, carl, inger, bo, post := handedOver(t)
	second := bo.must(bo.Claim(noon, post, claimOf(bo)))
	if got := s.add(t, inger.must(inger.Claim(noon, post, claimOf(inger))), inger.p); got != 0 {
		t.Fatalf("the claim: %v", got)
	}
	if got := s.add(t, second, bo.p); got != AlreadyClaimed {
		t.Errorf("the second claim: %v", got)
	}
	// The author makes the post again, so as to stand in front of it.
	carl.pull(s)
	r := replicaOf(s.h)
	c := r.tamper(carl.actor)
	again := c.makeMap(r.at(t, "/posts").at, string(post))
	c.set(again, "createdBy", carl.ref)
	c.set(again, "kind", "request")
	c.set(again, "title", "Mine again")
	if got := s.add(t, c.change(t), carl.p); got != NotYours {
		t.Errorf("the post made again: %v", got)
	}
	// And with a hand-over of its own.
	c = r.tamper(carl.actor)
	over := c.makeMap(r.at(t, path("posts", post, "handovers")).at, string(ident("another")))
	c.set(over, "by", carl.ref)
	c.set(over, "secretHash", board.SecretHash(secretOf("mine")))
	if got := s.add(t, c.change(t), carl.p); got != NotYours {
		t.Errorf("another hand-over: %v", got)
	}
	// A hand-over by who is not the author counts for no reader, and so for no claim.
	inger.pull(s)
	r = replicaOf(s.h)
	c = r.tamper(inger.actor)
	over = c.makeMap(r.at(t, path("posts", post, "handovers")).at, string(ident("on")))
	c.set(over, "by", inger.ref)
	c.set(over, "secretHash", board.SecretHash(secretOf("on")))
	c.makeMap(over, "claims")
	if got := s.add(t, c.change(t), inger.p); got != 0 {
		t.Errorf("a hand-over by who has the post: %v", got)
	}
	r = replicaOf(s.h)
	c = r.tamper("a third actor of bo")
	claim := c.makeMap(r.at(t, path("posts", post, "handovers", ident("on"), "claims")).at, string(ident("third")))
	c.set(claim, "by", bo.ref)
	c.set(claim, "secret", secretOf("on"))
	if got := s.add(t, c.change(t), bo.p); got != WrongSecret {
		t.Errorf("a claim of it: %v", got)
	}
	page, err := board.ReadPage(s.h)
	if err != nil || page.Posts[0].HeldBy() != inger.ref {
		t.Errorf("held by %s: %v", page.Posts[0].HeldBy(), err)
	}
}

// Two tabs may send the form of an idea; but the author does not make it again so
// that the owner's answer is hidden.
func TestIdeaIsNotAnsweredByMakingItAgain(t *testing.T) {
	s := newPageServer()
	anna, finn := onPage(t, "anna", member("anna", Resident)), onPage(t, "finn", member("finn", Owner))
	form := anna.request("idea")
	form.Kind, form.IdeaStatus = "idea", "new"
	anna.must(anna.AddPost(noon, form))
	anna.push(s)
	again := func() Reason {
		r := replicaOf(s.h)
		c := r.tamper("an actor of " + anna.actor)
		post := c.makeMap(r.at(t, "/posts").at, string(form.ID))
		c.set(post, "createdBy", anna.ref)
		c.set(post, "kind", "idea")
		c.set(c.makeMap(post, "idea"), "status", "new")
		return s.add(t, c.change(t), anna.p)
	}
	if got := again(); got != 0 {
		t.Errorf("the form of a second tab: %v", got)
	}
	finn.pull(s)
	if got := s.add(t, finn.must(finn.SetIdea(noon, form.ID, "planned", "")), finn.p); got != 0 {
		t.Errorf("the owner's answer: %v", got)
	}
	if got := again(); got != RoleMayNot {
		t.Errorf("the idea made again: %v", got)
	}
}

// What one made stays one's own when a role ends, and what the role allowed on
// others' posts ends with it.
func TestRoleEnds(t *testing.T) {
	s, carl, _, _, post := handedOver(t)
	kiosk := onPage(t, "kiosk", kioskOf("kiosk"))
	kiosk.must(kiosk.AddPost(noon, kiosk.request("at the kiosk")))
	kiosk.pull(s)
	kiosk.push(s)
	carl.pull(s)
	c := carl.must(carl.EditPost(noon, ident("at the kiosk"), board.PostEdit{Title: ptr("rettet")}))
	resident := carl.p
	resident.Roles = RolesOf(Resident)
	if got := s.add(t, c, resident); got != NotYours {
		t.Errorf("a volunteer who is none any more edits a kiosk's post: %v", got)
	}
	if got := s.add(t, c, carl.p); got != 0 {
		t.Errorf("a volunteer edits a kiosk's post: %v", got)
	}
	if got := s.add(t, carl.must(carl.EditPost(noon, post, board.PostEdit{Title: ptr("Stol")})), resident); got != 0 {
		t.Errorf("a volunteer who is none any more edits what they wrote: %v", got)
	}
}

// A document that was written without rules, such as a developer's: it is read, and
// what is no part of a board stays closed.
func TestDocumentWrittenWithoutRules(t *testing.T) {
	s := newPageServer()
	s.h.SetGuard(nil)
	add := func(c *chunk.Change) {
		t.Helper()
		if _, err := s.h.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	add(board.PageGenesis(board.DemoBoard(), may, 0))
	r := replicaOf(s.h)
	c := r.tamper("anybody")
	polls := c.makeMap(opRef{}, "polls")
	typed1(c, polls, "text", "x")
	unsigned := c.makeMap(r.at(t, "/posts").at, string(ident("unsigned")))
	c.set(unsigned, "title", "x")
	c.set(c.makeMap(r.at(t, "/posts").at, "no id"), "title", "x")
	taken := c.makeMap(r.at(t, "/moderation").at, string(ident("unsigned")))
	c.set(taken, "target", string(ident("x")))
	add(c.change(t))
	s.h.SetGuard(s)
	x := &scene{t: t, s: s, p: member("anna", Resident), maker: onPage(t, "anna", member("anna", Resident))}
	for _, path := range []string{"/polls", "/posts/no id", "/posts/" + string(ident("unsigned")), "/moderation/" + string(ident("unsigned"))} {
		if got := x.attempt(func(r *replica, c *tampered) { c.set(r.at(t, path).at, "title", "y") }); got == 0 {
			t.Errorf("%s is written to", path)
		}
	}
	if got := x.attempt(func(r *replica, c *tampered) { x.newPost(r, c) }); got != 0 {
		t.Errorf("a post: %v", got)
	}
}

// A post that is for a neighbour in the second of two forms is for a neighbour.
func TestForNeighbourInTheSecondTab(t *testing.T) {
	s := newPageServer()
	carl := onPage(t, "carl", member("carl", Connector))
	carl.must(carl.AddPost(noon, carl.request("sofa")))
	carl.push(s)
	tab := onPage(t, "another tab of carl", carl.p)
	tab.ref = carl.ref
	tab.must(tab.AddPost(noon, tab.forNeighbour("sofa")))
	tab.push(s)
	carl.pull(s)
	if got := s.add(t, carl.must(carl.EditPost(noon, ident("sofa"), board.PostEdit{Place: ptr("tlf. 22 33 44 55")})), carl.p); got != ContactData {
		t.Errorf("a telephone number: %v", got)
	}
}
