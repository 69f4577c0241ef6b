package rights

import (
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// scene is a page with a post that stands in one relation to an actor: with a
// reply and an offer of who made it, an offer of somebody else's, and a hand-over.
type scene struct {
	t     *testing.T
	s     *server
	p     Principal // the actor, with the role that is tried
	maker *device
	post  string // the path of the post
	n     int
}

// newScene makes a post and lets the actor have another role afterwards: roles
// change, and what one made stays one's own.
func newScene(t *testing.T, role Role, r Relation) *scene {
	t.Helper()
	x := &scene{t: t, s: newPageServer(), p: member("actor", role)}
	x.p.Kiosk = role == Visitor
	var maker Principal
	switch r {
	case Own:
		maker = member("actor", Resident)
		if x.p.Kiosk {
			maker = x.p
		}
	case Proxy:
		maker = member("carl", Connector)
	case Kiosk:
		maker = kioskOf("kiosk")
	case Other:
		maker = member("anna", Resident)
	}
	d := onPage(t, "maker", maker)
	form := d.request("post")
	form.Kind = "idea"
	if r == Proxy {
		form.Proxy = d.forNeighbour("").Proxy
	}
	d.must(d.AddPost(noon, form))
	d.must(d.Reply(noon, form.ID, board.NewReply{ID: ident("reply"), Body: "ja", CreatedBy: d.ref, Author: "x"}))
	d.must(d.OfferHelp(noon, form.ID, board.NewOffer{ID: ident("offer"), CreatedBy: d.ref, Author: "x"}))
	d.push(x.s)
	over := d.must(d.HandOver(noon, form.ID, board.NewHandover{ID: ident("handover"), By: d.ref, Secret: secretOf("slip")}))
	if got := x.s.add(t, over, asResident(maker)); got != 0 {
		t.Fatalf("the hand-over is refused: %v", got)
	}
	helper := onPage(t, "helper", member("helper", Resident))
	helper.pull(x.s)
	helper.must(helper.OfferHelp(noon, form.ID, board.NewOffer{ID: ident("help"), CreatedBy: helper.ref}))
	helper.must(helper.Propose(noon, form.ID, board.NewTerms{ID: ident("terms"), Party: "helper", Task: "snerydning"}))
	helper.push(x.s)
	x.post, x.maker = path("posts", form.ID), d
	return x
}

// asResident is a member who is a resident: what a kiosk may not do, to set a scene.
func asResident(p Principal) Principal {
	p.Kiosk, p.Roles = false, RolesOf(Resident)
	return p
}

// attempt lets the actor try something, and tells why it was refused.
func (x *scene) attempt(f func(r *replica, c *tampered)) Reason {
	x.t.Helper()
	r := replicaOf(x.s.h)
	x.n++
	c := r.tamper(x.maker.actor)
	if x.maker.p.Device != x.p.Device {
		c = r.tamper("the actor's actor")
	}
	f(r, c)
	return x.s.add(x.t, c.change(x.t), x.p)
}

// entry makes an entry, signed by the actor.
func (x *scene) entry(r *replica, c *tampered, container, signed string, fields ...string) opRef {
	x.t.Helper()
	e := c.makeMap(r.at(x.t, container).at, string(ident(fmt.Sprint(container, x.n))))
	if signed != "" {
		c.set(e, signed, x.p.Member)
	}
	for i := 0; i < len(fields); i += 2 {
		c.set(e, fields[i], fields[i+1])
	}
	c.set(e, "createdAt", aTime())
	return e
}

// answer lets who has the post answer an offer.
func (x *scene) answer(offer, answer string) {
	x.t.Helper()
	x.n++
	r := replicaOf(x.s.h)
	c := r.tamper("the answerer's actor")
	e := c.makeMap(r.at(x.t, x.post+"/offers/"+string(ident(offer))+"/answers").at, string(ident(fmt.Sprint("answer ", x.n))))
	c.set(e, "by", x.maker.p.Member)
	c.set(e, "answer", answer)
	if got := x.s.add(x.t, c.change(x.t), asResident(x.maker.p)); got != 0 {
		x.t.Fatalf("the answer is refused: %v", got)
	}
}

// offer lets a member offer help, under a name.
func (x *scene) offer(name string, p Principal) {
	x.t.Helper()
	x.offerAs(name, p, p.Member)
}

func (x *scene) offerAs(name string, p Principal, ref string) {
	x.t.Helper()
	r := replicaOf(x.s.h)
	c := r.tamper(id.Actor("actor of " + name))
	e := c.makeMap(r.at(x.t, x.post+"/offers").at, string(ident(name)))
	c.set(e, "createdBy", ref)
	c.makeMap(e, "answers")
	if got := x.s.add(x.t, c.change(x.t), p); got != 0 {
		x.t.Fatalf("the offer is refused: %v", got)
	}
}

// help lets the actor be an accepted helper.
func (x *scene) help() {
	x.t.Helper()
	x.offer("offer of the actor", asResident(x.p))
	x.answer("offer of the actor", "accepted")
}

// try does something for each action, in the ways in which it can be done.
var try = map[Action][]func(x *scene, r *replica, c *tampered){
	Post: {func(x *scene, r *replica, c *tampered) { x.entry(r, c, "/posts", "createdBy", "kind", "notice") }},
	PostForOther: {func(x *scene, r *replica, c *tampered) {
		e := x.entry(r, c, "/posts", "createdBy", "kind", "request")
		c.set(c.makeMap(e, "proxy"), "kind", "neighbour")
	}},
	EditPost: {
		func(x *scene, r *replica, c *tampered) {
			c.over(r.at(x.t, x.post), "title", chunk.ActionSet, chunk.StringValue("ny"))
		},
		func(x *scene, r *replica, c *tampered) {
			c.put(r.at(x.t, x.post).at, "title", chunk.ActionSet, chunk.StringValue("beside"))
		},
		func(x *scene, r *replica, c *tampered) {
			c.over(r.at(x.t, x.post), "urgency", chunk.ActionSet, chunk.StringValue("today"))
		},
		func(x *scene, r *replica, c *tampered) { c.insert(r.at(x.t, x.post+"/body").at, opRef{}, "!") },
		func(x *scene, r *replica, c *tampered) {
			body := r.at(x.t, x.post+"/body")
			c.remove(body.at, body.elems[3])
		},
		func(x *scene, r *replica, c *tampered) {
			c.put(c.makeMap(r.at(x.t, x.post).at, "tags"), "have", chunk.ActionSet, chunk.BoolValue(true))
		},
		func(x *scene, r *replica, c *tampered) {
			c.put(c.makeMap(r.at(x.t, x.post).at, "when"), "start", chunk.ActionSet, chunk.TimestampValue(noon))
		},
		func(x *scene, r *replica, c *tampered) {
			c.set(c.put(r.at(x.t, x.post).at, "ofANewerVersion", chunk.ActionMakeMap, chunk.Value{}), "color", "red")
		},
	},
	EditAsHelper: {
		func(x *scene, r *replica, c *tampered) {
			c.over(r.at(x.t, x.post), "title", chunk.ActionSet, chunk.StringValue("ny"))
		},
		func(x *scene, r *replica, c *tampered) { c.insert(r.at(x.t, x.post+"/body").at, opRef{}, "!") },
		func(x *scene, r *replica, c *tampered) {
			c.put(c.makeMap(r.at(x.t, x.post).at, "when"), "start", chunk.ActionSet, chunk.TimestampValue(noon))
		},
		func(x *scene, r *replica, c *tampered) {
			c.over(r.at(x.t, x.post), "helpersWanted", chunk.ActionSet, chunk.IntValue(4))
			c.over(r.at(x.t, x.post), "place", chunk.ActionSet, chunk.StringValue("gården"))
		},
	},
	Reply: {func(x *scene, r *replica, c *tampered) { x.entry(r, c, x.post+"/replies", "createdBy", "lang", "da") }},
	EditReply: {
		func(x *scene, r *replica, c *tampered) {
			c.over(r.at(x.t, x.post+"/replies/"+string(ident("reply"))), "author", chunk.ActionSet, chunk.StringValue("y"))
		},
		func(x *scene, r *replica, c *tampered) {
			body := r.at(x.t, x.post+"/replies/"+string(ident("reply"))+"/body")
			c.remove(body.at, body.elems[0])
		},
	},
	Offer: {func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, x.post+"/offers", "createdBy", "message", "gerne")
	}},
	EditOffer: {func(x *scene, r *replica, c *tampered) {
		c.set(r.at(x.t, x.post+"/offers/"+string(ident("offer"))).at, "withdrawn", aTime())
	}},
	AnswerOffer: {func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, x.post+"/offers/"+string(ident("help"))+"/answers", "by", "answer", "accepted")
	}},
	ClosePost: {
		func(x *scene, r *replica, c *tampered) {
			x.entry(r, c, x.post+"/closings", "by", "outcome", "foundHere")
		},
		func(x *scene, r *replica, c *tampered) { // again, by who made it
			x.n++
			closer := asResident(x.maker.p)
			closing := r.tamper("the closer's actor")
			e := closing.makeMap(r.at(x.t, x.post+"/closings").at, string(ident("closed")))
			closing.set(e, "by", closer.Member)
			closing.set(e, "outcome", "notNeeded")
			if got := x.s.add(x.t, closing.change(x.t), closer); got != 0 {
				x.t.Fatalf("closing is refused: %v", got)
			}
			*r = *replicaOf(x.s.h)
			c.set(r.at(x.t, x.post+"/closings/"+string(ident("closed"))).at, "reopened", aTime())
		},
	},
	Support: {func(x *scene, r *replica, c *tampered) {
		c.put(r.at(x.t, x.post+"/supports").at, x.p.Member, chunk.ActionSet, chunk.BoolValue(true))
	}},
	SetIdea: {func(x *scene, r *replica, c *tampered) {
		c.set(c.makeMap(r.at(x.t, x.post).at, "idea"), "status", "planned")
	}},
	Propose: {func(x *scene, r *replica, c *tampered) {
		c.makeMap(r.at(x.t, x.post).at, "terms")
		x.entry(r, c, x.post+"/terms", "", "party", "x", "task", "y")
	}},
	Agree: {func(x *scene, r *replica, c *tampered) {
		e := c.makeMap(c.makeMap(r.at(x.t, x.post).at, "acks"), string(ident("ack")))
		c.set(e, "terms", string(ident("terms")))
	}},
	HandOver: {func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, x.post+"/handovers", "by", "secretHash", board.SecretHash(secretOf("mine")))
	}},
	Claim: {func(x *scene, r *replica, c *tampered) {
		x.entry(r, c, x.post+"/handovers/"+string(ident("handover"))+"/claims", "by", "secret", secretOf("slip"))
	}},
	Moderate: {
		func(x *scene, r *replica, c *tampered) {
			x.entry(r, c, "/moderation", "by", "target", string(ident("post")), "action", "remove")
		},
		func(x *scene, r *replica, c *tampered) { // what another moderator removed
			removal := r.tamper("the moderator's actor")
			e := removal.makeMap(r.at(x.t, "/moderation").at, string(ident("removal")))
			removal.set(e, "by", string(ident("eva")))
			removal.set(e, "target", string(ident("post")))
			removal.set(e, "action", "remove")
			if got := x.s.add(x.t, removal.change(x.t), member("eva", Moderator)); got != 0 {
				x.t.Fatalf("the removal is refused: %v", got)
			}
			*r = *replicaOf(x.s.h)
			restore := x.entry(r, c, "/moderation", "by", "target", string(ident("help")), "action", "restore")
			c.put(c.makeMap(restore, "restores"), string(ident("removal")), chunk.ActionSet, chunk.BoolValue(true))
		},
	},
}

// Every cell of the table, and nothing but the table: each role alone, each action
// in the ways in which it can be done, each relation.
func TestTable(t *testing.T) {
	for _, rule := range Table() {
		if rule.Action == EditBoard {
			continue // see TestBoardDocument
		}
		if len(try[rule.Action]) == 0 {
			t.Fatalf("nothing is tried for %v", rule.Action)
		}
		for _, role := range AllRoles() {
			for r := Own; r < relations; r++ {
				want := rule.May[r].Has(role)
				for i, f := range try[rule.Action] {
					x := newScene(t, role, r)
					if rule.Action == EditAsHelper {
						x.help()
					}
					got := x.attempt(func(r *replica, c *tampered) { f(x, r, c) })
					if (got == 0) != want {
						t.Errorf("%v, a post that is %v: %v %d: %v, want allowed: %v", role, r, rule.Action, i, got, want)
					}
					if got != 0 && got != NotYours && got != RoleMayNot {
						t.Errorf("%v, a post that is %v: %v %d is refused for another reason: %v", role, r, rule.Action, i, got)
					}
				}
			}
		}
	}
}

// Only owners and deputies write the board document.
func TestBoardDocument(t *testing.T) {
	for _, role := range AllRoles() {
		s := newBoardServer()
		p := member("actor", role)
		d := newDevice(t, "actor", p, board.BoardGenesis())
		d.must(d.EditBoard(noon, board.BoardEdit{
			Title: ptr("Tavlen"), About: ptr("For opgang 3"), AddLanguages: []string{"da", "nl"}, OpenDays: ptr(int64(20)),
			HouseRules: map[string]string{"da": "Vær venlig.", "nl": "Wees aardig."},
		}))
		contact := board.Contact{ID: ident("office"), Name: "Ejendomskontoret", Phone: "33 66 33 66", Hours: "9-12"}
		d.must(d.SetContact(noon, contact))
		d.must(d.SetCategory(noon, board.Category{ID: ident("c"), Label: map[string]string{"da": "Cykler"}, Icon: "bike"}))
		d.must(d.Pin(noon, ident("post"), true))
		d.must(d.EditBoard(noon, board.BoardEdit{RemoveLanguages: []string{"nl"}, HouseRules: map[string]string{"da": "Vær flink."}}))
		d.must(d.RemoveContact(noon, contact.ID))
		d.must(d.SetContact(noon, contact))
		d.must(d.Pin(noon, ident("post"), false))
		for i := range d.h.Len() {
			want := Allowed(p.Roles, EditBoard, Other) || i == 0
			if _, err := s.h.AddFrom(d.h.At(i), p); (err == nil) != want {
				t.Errorf("%v, change %d: %v, want allowed: %v", role, i, err, want)
			}
			if !want {
				break
			}
		}
	}
}
