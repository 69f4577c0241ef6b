package rights

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"pgregory.net/rapid"
)

// story is what members do with the real writer, each what its role lets it,
// mostly offline. The server has to take all of it.
type story struct {
	t       *rapid.T
	s       *server
	devices []*device
	n       int
}

func (s *story) id() board.ID {
	s.n++
	return ident(fmt.Sprintf("id %d", s.n))
}

func cast(t fataler) []*device {
	var all []*device
	for _, x := range []struct {
		name string
		Principal
	}{
		{"anna", member("anna", Resident)}, {"bo", member("bo", Resident, Ambassador)}, {"carl", member("carl", Connector)},
		{"dina", member("dina", Matchmaker)}, {"eva", member("eva", Moderator)}, {"finn", member("finn", Owner, Resident)},
		{"gry", member("gry", Deputy)}, {"kiosk", kioskOf("kiosk")}, {"kiosk 2", kioskOf("kiosk 2")},
	} {
		all = append(all, onPage(t, x.name, x.Principal))
	}
	tablet := member("anna", Resident) // a second device of anna's
	tablet.Device = "tablet of anna"
	return append(all, onPage(t, "anna's tablet", tablet))
}

// helps tells whether a device shows that its member helps with a post, and that
// nobody declined it or accepted themselves: see helpers.go.
func (d *device) helps(p *board.Post) bool {
	for _, o := range p.Helpers(nil) {
		declined := func(a board.Answer) bool { return a.Answer == "declined" || d.p.owns(a.By) }
		if d.p.owns(o.CreatedBy) && !slices.ContainsFunc(o.Answers, declined) {
			return true
		}
	}
	return false
}

// relationTo is how a device stands to a post, said by what it reads.
func (d *device) relationTo(p *board.Post) Relation {
	claimed := p.HeldBy() != p.CreatedBy
	switch {
	case d.p.owns(p.HeldBy()):
		return Own
	case claimed:
		return Other
	case p.Proxy != nil:
		return Proxy
	case p.CreatedBy != "" && len(p.CreatedBy) > 26:
		return Kiosk
	}
	return Other
}

func (d *device) roles() Roles {
	if d.p.Kiosk {
		return 1 << Visitor
	}
	return d.p.Roles
}

func (s *story) step() {
	d := s.devices[rapid.IntRange(0, len(s.devices)-1).Draw(s.t, "device")]
	d.now += 1000
	page := d.read()
	if d.p.Kiosk && rapid.Bool().Draw(s.t, "visit") {
		d.visit(fmt.Sprint("visit ", s.n))
	}
	if len(page.Posts) == 0 || rapid.IntRange(0, 9).Draw(s.t, "new") == 0 {
		s.newPost(d)
		return
	}
	p := &page.Posts[rapid.IntRange(0, len(page.Posts)-1).Draw(s.t, "post")]
	action := Action(rapid.IntRange(int(EditPost), int(Moderate)).Draw(s.t, "action"))
	if Allowed(d.roles(), action, d.relationTo(p)) {
		s.act(d, p, action)
	}
	if rapid.IntRange(0, 2).Draw(s.t, "meets") == 0 {
		d.sync(s.s)
	}
}

func (s *story) newPost(d *device) {
	form := d.request(fmt.Sprint("post ", s.n))
	form.ID = s.id()
	form.Kind = rapid.SampledFrom([]string{"request", "idea", "arrangement", "event", "item"}).Draw(s.t, "kind")
	form.Tags, form.Categories = []string{"have", "stige"}, []string{string(ident("c"))}
	form.When = board.When{Start: noon, Repeat: "weekly", Note: "kl. 10"}
	form.Item.Action, form.HelpersWanted, form.ExpiresOn = "lend", 2, noon+1000
	if form.Kind == "idea" {
		form.IdeaStatus = "new"
	}
	if Allowed(d.roles(), PostForOther, Other) && rapid.Bool().Draw(s.t, "proxy") {
		form.Proxy = d.forNeighbour("").Proxy
		if rapid.Bool().Draw(s.t, "and hands it over") {
			defer func() {
				d.must(d.HandOver(d.now, form.ID, board.NewHandover{ID: s.id(), Secret: secretOf(string(form.ID)), By: d.ref}))
			}()
		}
	}
	d.must(d.AddPost(d.now, form))
}

func (s *story) act(d *device, p *board.Post, a Action) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab c.🙂\né")), 1, 30, -1).Draw(s.t, "text") + "!"
	switch a {
	case EditPost:
		n := int64(3)
		d.must(d.EditPost(d.now, p.ID, board.PostEdit{
			Title: ptr("ny " + text), Body: &text, Place: ptr("gården"), HelpersWanted: &n, AddTags: []string{"ny"}, RemoveTags: []string{"have"},
			When: &board.When{Start: noon, End: noon + 5}, DropCategories: []string{string(ident("c"))},
		}))
		d.must(d.Extend(d.now, p.ID, noon+2000))
	case EditAsHelper: // at the server, so that nobody took it back meanwhile
		d.sync(s.s)
		if p = d.post(p.ID); d.helps(p) {
			d.must(d.EditPost(d.now, p.ID, board.PostEdit{Title: ptr("hjulpet " + text), Body: &text, When: &board.When{Start: noon + 9}}))
			d.push(s.s)
		}
	case Reply:
		d.must(d.Reply(d.now, p.ID, board.NewReply{ID: s.id(), Body: text, Author: d.name, CreatedBy: d.ref, Lang: "da"}))
	case Offer:
		d.must(d.OfferHelp(d.now, p.ID, board.NewOffer{ID: s.id(), Author: d.name, CreatedBy: d.ref, Message: text}))
	case EditOffer:
		for _, o := range p.Offers {
			if d.p.owns(o.CreatedBy) && !d.p.Kiosk {
				d.must(d.WithdrawOffer(d.now, p.ID, o.ID))
			}
		}
	case AnswerOffer:
		for _, o := range p.Offers {
			answer := rapid.SampledFrom([]string{"accepted", "accepted", "declined"}).Draw(s.t, "answer")
			d.must(d.AnswerOffer(d.now, p.ID, o.ID, board.NewVote{ID: s.id(), Is: answer, By: d.ref}))
		}
	case ClosePost:
		if p.Open() {
			d.must(d.Close(d.now, p.ID, board.NewVote{ID: s.id(), Is: "foundHere", By: d.ref}))
		} else {
			d.must(d.Reopen(d.now, p.ID))
		}
	case Support:
		d.must(d.Support(d.now, p.ID, d.ref, rapid.Bool().Draw(s.t, "support")))
	case SetIdea:
		d.must(d.SetIdea(d.now, p.ID, "planned", "til foråret"))
	case Propose:
		d.must(d.Propose(d.now, p.ID, board.NewTerms{ID: s.id(), Party: d.name, Task: text, Start: noon}))
	case Agree:
		for _, terms := range p.StandingTerms() {
			d.must(d.Ack(d.now, p.ID, board.NewAck{ID: s.id(), Party: d.name, Terms: terms.ID}))
		}
	case Claim: // at the server, so that nobody else was first
		d.sync(s.s)
		if p = d.post(p.ID); len(p.Handovers) > 0 && len(p.Handovers[0].Claims) == 0 {
			for _, o := range s.devices { // nobody is in the middle of an edit
				o.sync(s.s)
			}
			d.pull(s.s)
			d.must(d.Claim(d.now, p.ID, board.NewClaim{ID: s.id(), Secret: secretOf(string(p.ID)), By: d.ref}))
			for _, o := range append([]*device{d}, s.devices...) {
				o.sync(s.s)
			}
		}
	case Moderate:
		act := rapid.SampledFrom([]string{"hide", "remove", "restore"}).Draw(s.t, "act")
		d.must(d.Moderate(d.now, board.NewRecord{ID: s.id(), Target: p.ID, Action: act, Rule: "2", Facts: text, By: d.ref}))
	}
}

func ptr[T any](v T) *T { return &v }

// Whatever the real writers write for members who may, the server takes, in
// whatever order they meet it.
func TestWritersAreLetThrough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &story{t: rt, s: newPageServer(), devices: cast(rt)}
		for range rapid.IntRange(1, 50).Draw(rt, "steps") {
			s.step()
		}
		for range 2 {
			for _, d := range s.devices {
				d.sync(s.s)
			}
		}
		want := asJSON(rt, s.devices[0].read())
		again := NewPage(board.DemoBoard(), may, 0)
		for i := range s.s.h.Len() {
			c := s.s.h.At(i)
			a, _ := s.s.x.Author(c.Actor)
			again.Add(c, a)
		}
		if got, want := summary(again), summary(s.s.x); got != want {
			rt.Fatalf("restored\n%s\nwant\n%s", got, want)
		}
		for _, d := range s.devices {
			if got := asJSON(rt, d.read()); got != want {
				rt.Fatalf("%s reads\n%s\nwant\n%s", d.name, got, want)
			}
		}
		if got, want := s.s.x.Posts(), len(s.devices[0].read().Posts); got != want {
			rt.Fatalf("%d posts are counted of %d", got, want)
		}
		for _, p := range s.devices[0].read().Posts { // the index and the readers agree on whose the posts are
			b, _ := parseID(string(p.ID))
			n, _ := s.s.x.find(b)
			if got := s.s.x.refs[s.s.x.entries[n].holder]; got != p.HeldBy() {
				rt.Fatalf("post %s is held by %s, and readers say %s", p.ID, got, p.HeldBy())
			}
		}
	})
}

func summary(x *Index) string {
	return fmt.Sprintf("%v %v %v %x", x.entries, x.authors, x.helpers, x.Append(nil))
}
