package board

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// story is what several devices do, mostly offline, and what must be there in
// the end.
type story struct {
	t       *rapid.T
	devices []*device
	n       int // of ids made
	posts   map[ID]*told
	records map[ID]ID // removals -> target
	undone  map[ID]bool
}

// told is what was written to a post.
type told struct {
	replies  map[ID]string
	offers   map[ID]bool
	answers  map[ID]bool
	closings map[ID]bool
	reopened map[ID]bool // by a device that knew of the closing
	withdraw map[ID]bool
	supports map[string]bool
}

func (s *story) id() ID {
	s.n++
	return ident(fmt.Sprintf("id %d", s.n))
}

// known picks a post that the device knows.
func (s *story) known(d *device) *Post {
	p := d.read()
	if len(p.Posts) == 0 {
		return nil
	}
	return &p.Posts[rapid.IntRange(0, len(p.Posts)-1).Draw(s.t, "post")]
}

func (s *story) step() {
	d := rapid.SampledFrom(s.devices).Draw(s.t, "device")
	d.now += rapid.Int64Range(0, 3_600_000).Draw(s.t, "passes")
	action := rapid.IntRange(0, 12).Draw(s.t, "action")
	p := s.known(d)
	if action == 0 || p == nil {
		s.post(d)
		return
	}
	known := s.posts[p.ID]
	switch action {
	case 1:
		o := rapid.SampledFrom(s.devices).Draw(s.t, "meets")
		d.hear(o, nil)
	case 2:
		title, body := rapid.StringN(1, 10, -1).Draw(s.t, "title")+"!", rapid.StringOfN(rapid.RuneFrom([]rune("ab c.🙂\né")), 0, 40, -1).Draw(s.t, "body")
		d.must(d.EditPost(d.now, p.ID, PostEdit{Title: &title, Body: &body}))
		if got := d.post(p.ID); got.Title != title || got.Body != body || got.Concurrent["title"] != nil || got.Concurrent["body"] != nil {
			s.t.Fatalf("%q was written and %q is read", body, got.Body)
		}
	case 3, 4:
		r := NewReply{ID: s.id(), Body: rapid.StringN(0, 10, -1).Draw(s.t, "reply") + "!", CreatedBy: d.name}
		d.must(d.Reply(d.now, p.ID, r))
		if d.must(d.Reply(d.now, p.ID, r)) {
			s.t.Fatal("a reply was added twice")
		}
		known.replies[r.ID] = r.Body
	case 5:
		o := NewOffer{ID: s.id(), CreatedBy: d.name}
		d.must(d.OfferHelp(d.now, p.ID, o))
		known.offers[o.ID] = true
	case 6:
		if len(p.Offers) > 0 {
			o := rapid.SampledFrom(p.Offers).Draw(s.t, "offer")
			v := NewVote{s.id(), rapid.SampledFrom([]string{"accepted", "declined"}).Draw(s.t, "answer"), d.name}
			d.must(d.AnswerOffer(d.now, p.ID, o.ID, v))
			known.answers[v.ID] = true
			if got := d.post(p.ID).Offers; !slices.ContainsFunc(got, func(x Offer) bool {
				return x.ID == o.ID && (x.Accepted() || v.Is == "declined")
			}) {
				s.t.Fatalf("%s accepted and it does not count", d.name)
			}
		}
	case 7:
		v := NewVote{s.id(), "foundHere", d.name}
		d.must(d.Close(d.now, p.ID, v))
		known.closings[v.ID] = true
	case 8:
		d.must(d.Reopen(d.now, p.ID))
		for _, c := range p.Closings {
			known.reopened[c.ID] = true
		}
	case 9:
		d.must(d.Support(d.now, p.ID, d.name, true))
		known.supports[d.name] = true
	case 10:
		r := NewRecord{ID: s.id(), Target: p.ID, Action: rapid.SampledFrom([]string{"remove", "restore"}).Draw(s.t, "act"), By: d.name}
		for _, x := range d.read().Moderation {
			if r.Action == "restore" && x.Target == p.ID {
				s.undone[x.ID] = true
			}
		}
		d.must(d.Moderate(d.now, r))
		if r.Action == "remove" {
			s.records[r.ID] = p.ID
		}
	case 11:
		if len(p.Offers) > 0 {
			o := rapid.SampledFrom(p.Offers).Draw(s.t, "offer")
			d.must(d.WithdrawOffer(d.now, p.ID, o.ID))
			known.withdraw[o.ID] = true
		}
	case 12: // the form of a post that is there, or is there elsewhere, sent again
		form := request("again")
		form.ID = rapid.SampledFrom(sortedPosts(s.posts)).Draw(s.t, "form")
		d.must(d.AddPost(d.now, form))
	}
}

func sortedPosts(posts map[ID]*told) []ID {
	var all []ID
	for id := range posts {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func (s *story) post(d *device) {
	form := request(fmt.Sprintf("post %d", s.n))
	form.ID = s.id()
	d.must(d.AddPost(d.now, form))
	s.posts[form.ID] = &told{
		map[ID]string{}, map[ID]bool{}, map[ID]bool{}, map[ID]bool{}, map[ID]bool{}, map[ID]bool{}, map[string]bool{},
	}
}

// Whatever devices do while they are offline, and whatever their clocks say: in
// the end all show the same, and nothing of it is missing.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &story{t: rt, posts: map[ID]*told{}, records: map[ID]ID{}, undone: map[ID]bool{}}
		for i, now := range []int64{noon, 5000, 2_147_483_648_000, noon + 7*dayMillis}[:rapid.IntRange(2, 4).Draw(rt, "devices")] {
			d := page(t, fmt.Sprintf("device %d", i))
			d.now = now
			s.devices = append(s.devices, d)
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			s.step()
		}
		seed := rapid.Uint64().Draw(rt, "order")
		meet(s.devices...)
		want := asJSON(t, s.devices[0].read())
		late := page(t, "late") // hears everything at once, in any order
		late.hear(s.devices[0], rand.New(rand.NewPCG(seed, 1)))
		for _, d := range append(s.devices, late) {
			if got := asJSON(t, d.read()); got != want {
				rt.Fatalf("%s reads\n%s\nand %s\n%s", d.name, got, s.devices[0].name, want)
			}
		}
		again, err := ReadPage(late.h)
		if err != nil || asJSON(t, again) != want {
			rt.Fatalf("read anew: %s: %v", asJSON(t, again), err)
		}
		s.check(again)
	})
}

func (s *story) check(page Page) {
	t := s.t
	if len(page.Posts) != len(s.posts) {
		t.Fatalf("%d posts of %d", len(page.Posts), len(s.posts))
	}
	hiding := page.Hiding()
	for _, p := range page.Posts {
		want := s.posts[p.ID]
		replies, answers := map[ID]string{}, 0
		for _, r := range p.Replies {
			replies[r.ID] = r.Body
		}
		for id, body := range want.replies {
			if replies[id] != body {
				t.Errorf("reply %q is %q", body, replies[id])
			}
		}
		for _, o := range p.Offers {
			answers += len(o.Answers)
			if o.Withdrawn != want.withdraw[o.ID] {
				t.Errorf("offer withdrawn: %v", o.Withdrawn)
			}
		}
		open := true
		for id := range want.closings {
			open = open && want.reopened[id]
		}
		if len(p.Replies) != len(want.replies) || len(p.Offers) != len(want.offers) || answers != len(want.answers) ||
			len(p.Closings) != len(want.closings) || len(p.Supports) != len(want.supports) || p.Open() != open {
			t.Errorf("post %s has not what was written to it", p.ID)
		}
		removed := false
		for record, target := range s.records {
			removed = removed || target == p.ID && !s.undone[record]
		}
		if hiding.Removed(p.ID) != removed {
			t.Errorf("post %s is removed: %v, want %v", p.ID, hiding.Removed(p.ID), removed)
		}
	}
}
