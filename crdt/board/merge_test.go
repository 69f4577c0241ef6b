package board

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
)

func TestOneFormIsOnePost(t *testing.T) {
	d := page(t, "phone")
	for range 10 {
		d.must(d.AddPost(d.now, request("en pære")))
	}
	if d.h.Len() != 2 || len(d.read().Posts) != 1 {
		t.Fatalf("ten taps made %d changes and %d posts", d.h.Len()-1, len(d.read().Posts))
	}
	// A second tab sends the form before it has heard of the first, and somebody
	// answers the post as the first tab made it, and another as the second did.
	tab := page(t, "tab")
	form := request("en pære")
	form.Title = "en ny pære"
	tab.must(tab.AddPost(tab.now, form))
	bo, eva := page(t, "bo"), page(t, "eva")
	bo.hear(d, nil)
	eva.hear(tab, nil)
	bo.must(bo.Reply(bo.now, form.ID, NewReply{ID: ident("r1"), Body: "Jeg kommer", CreatedBy: "bo"}))
	eva.must(eva.Reply(eva.now, form.ID, NewReply{ID: ident("r2"), Body: "Også jeg", CreatedBy: "eva"}))
	meet(d, tab, bo, eva)
	got := d.read()
	if len(got.Posts) != 1 || len(got.Posts[0].Replies) != 2 {
		t.Fatalf("two tabs made %s", asJSON(t, got))
	}
	if titles := got.Posts[0].Concurrent["title"]; len(titles) != 2 {
		t.Errorf("the titles of both tabs are not shown: %v", titles)
	}
	// One edit settles what the tabs left, and touches nothing else.
	title, body := "skift af en pære", "Hvem kan skifte en pære?"
	d.must(d.EditPost(d.now, form.ID, PostEdit{Title: &title, Body: &body}))
	meet(d, tab, bo, eva)
	if p := eva.post(form.ID); p.Title != title || p.Body != body || p.Concurrent != nil || len(p.Replies) != 2 {
		t.Errorf("after settling: %s", asJSON(t, p))
	}
}

func TestAMonthTurnsWhileOffline(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2026, 6, 1, 0, 0, 0, 0, copenhagen).UnixMilli()
	before, after := MonthOf(midnight-1, copenhagen), MonthOf(midnight, copenhagen)
	if before != may || after != may.Next() {
		t.Fatalf("%s and %s", before, after)
	}
	a := newDevice(t, "a", midnight, PageGenesis(DemoBoard(), after, 0))
	b := newDevice(t, "b", midnight+1, PageGenesis(DemoBoard(), MonthOf(midnight+1, copenhagen), 0))
	if PageDocument(DemoBoard(), after, 0) != PageDocument(DemoBoard(), MonthOf(midnight+1, copenhagen), 0) {
		t.Error("two documents")
	}
	a.must(a.AddPost(a.now, request("juni på a")))
	b.must(b.AddPost(b.now, request("juni på b")))
	meet(a, b)
	if got := a.read(); len(got.Posts) != 2 || got.Month != "2026-06" || a.h.Len() != 3 {
		t.Errorf("%s", asJSON(t, got))
	}
}

func TestClosingAndOffering(t *testing.T) {
	a := page(t, "asker")
	post := request("en stige")
	a.must(a.AddPost(a.now, post))
	b, c := page(t, "bo"), page(t, "eva")
	meet(a, b, c)
	b.must(b.OfferHelp(b.now, post.ID, NewOffer{ID: ident("o1"), CreatedBy: "bo"}))
	c.must(c.OfferHelp(c.now, post.ID, NewOffer{ID: ident("o2"), CreatedBy: "eva"}))
	a.must(a.Close(a.now, post.ID, NewVote{ident("k1"), "foundElsewhere", "device-1"}))
	meet(a, b, c)
	if p := c.post(post.ID); p.Open() || p.Outcome() != "foundElsewhere" || len(p.StandingOffers(nil)) != 2 {
		t.Fatalf("closed and offered: %s", asJSON(t, p))
	}
	// Two devices accept two helpers at the same time.
	a.must(a.AnswerOffer(a.now, post.ID, ident("o1"), NewVote{ident("a1"), "accepted", "device-1"}))
	b.must(b.AnswerOffer(b.now, post.ID, ident("o2"), NewVote{ident("a2"), "accepted", "family"}))
	meet(a, b, c)
	if got := c.post(post.ID).Helpers(nil); len(got) != 2 {
		t.Fatalf("two were accepted, and %d are shown", len(got))
	}
	// A tablet that thinks it is 1970 declines, reopens and closes: it counts.
	c.now = 5000
	c.must(c.AnswerOffer(c.now, post.ID, ident("o1"), NewVote{ident("a3"), "declined", "device-1"}))
	c.must(c.WithdrawOffer(c.now, post.ID, ident("o2")))
	c.must(c.Reopen(c.now, post.ID))
	meet(a, b, c)
	p := a.post(post.ID)
	if len(p.Helpers(nil)) != 0 || !p.Open() || len(p.StandingOffers(nil)) != 1 {
		t.Errorf("after 1970: %s", asJSON(t, p))
	}
	if c.must(c.Reopen(c.now, post.ID)) || c.must(c.WithdrawOffer(c.now, post.ID, ident("o2"))) {
		t.Error("reopening or withdrawing again makes a change")
	}
	c.must(c.AnswerOffer(c.now, post.ID, ident("o1"), NewVote{ident("a4"), "accepted", "device-1"}))
	if got := c.post(post.ID).Helpers(nil); len(got) != 1 {
		t.Errorf("accepted again: %d helpers", len(got))
	}
}

func TestRemovalWins(t *testing.T) {
	author, mod, other := page(t, "author"), page(t, "mod"), page(t, "other")
	post := request("noget grimt")
	author.must(author.AddPost(author.now, post))
	meet(author, mod, other)
	remove := func(d *device, name string) {
		d.must(d.Moderate(d.now, NewRecord{ID: ident(name), Target: post.ID, Action: "remove", Rule: "1", By: d.name}))
	}
	remove(mod, "m1")
	body := "noget endnu grimmere"
	author.must(author.EditPost(author.now, post.ID, PostEdit{Body: &body}))
	meet(author, mod, other)
	gone := func(d *device) bool {
		p := d.read()
		return p.Hiding().Removed(post.ID) && len(NewView(Board{}, []Page{p}, noon, 0).List(Filter{})) == 0
	}
	if !gone(author) || !gone(other) {
		t.Fatal("an edit brought a removed post back")
	}
	// One moderator restores while another removes again, whatever their clocks say.
	for _, now := range []int64{noon - 1e9, noon + 1e9} {
		remove(other, "again"+time.UnixMilli(now).String())
		mod.must(mod.Moderate(now, NewRecord{ID: ident("restore" + time.UnixMilli(now).String()), Target: post.ID, Action: "restore", By: "mod"}))
		if gone(mod) {
			t.Fatal("it stays removed although all that is known was undone")
		}
		meet(author, mod, other)
		if !gone(mod) || !gone(author) {
			t.Fatal("a restore undid a removal that it did not know")
		}
	}
	mod.must(mod.Moderate(noon, NewRecord{ID: ident("last"), Target: post.ID, Action: "restore", By: "mod"}))
	meet(author, mod, other)
	if gone(author) {
		t.Error("a restore that knows of all removals has no effect")
	}
}

func TestTermsProposedAtTheSameTime(t *testing.T) {
	club, gardener := page(t, "club"), page(t, "gardener")
	post := request("slå bane 2")
	post.Kind = "arrangement"
	club.must(club.AddPost(club.now, post))
	club.must(club.Propose(club.now, post.ID, NewTerms{ID: ident("t1"), Party: "club", Task: "slå bane 2 om fredagen", Start: noon}))
	meet(club, gardener)
	gardener.must(gardener.Ack(gardener.now, post.ID, NewAck{ident("k1"), "gardener", ident("t1")}))
	meet(club, gardener)
	if terms, ok := club.post(post.ID).Agreed(); !ok || terms.ID != ident("t1") {
		t.Fatal("not agreed")
	}
	club.must(club.Propose(club.now, post.ID, NewTerms{ID: ident("t2"), Party: "club", Task: "torsdag"}))
	gardener.now = 0
	gardener.must(gardener.Propose(gardener.now, post.ID, NewTerms{ID: ident("t3"), Party: "gardener", Task: "lørdag"}))
	meet(club, gardener)
	if got := club.post(post.ID).StandingTerms(); len(got) != 2 {
		t.Fatalf("%d of two proposals stand", len(got))
	}
	if _, ok := club.post(post.ID).Agreed(); ok {
		t.Error("agreed, although two proposals stand")
	}
	gardener.must(gardener.Propose(gardener.now, post.ID, NewTerms{ID: ident("t4"), Party: "gardener", Task: "torsdag eller lørdag"}))
	if got := gardener.post(post.ID).StandingTerms(); len(got) != 1 || got[0].ID != ident("t4") {
		t.Errorf("one proposal settles it: %v", got)
	}
}

// Two people edit the words of one post; what each changed stays changed.
func TestBodiesMerge(t *testing.T) {
	a, b := page(t, "a"), page(t, "b")
	post := request("en tur")
	post.Body = "Vi mødes på søndag klokken ti ved åen 🙂. Tag kaffe med."
	a.must(a.AddPost(a.now, post))
	meet(a, b)
	one := strings.Replace(post.Body, "søndag", "lørdag", 1) + "\nOg hunde!"
	two := "Kære naboer! " + strings.Replace(post.Body, "kaffe", "kage og kaffe", 1)
	a.must(a.EditPost(a.now, post.ID, PostEdit{Body: &one}))
	b.must(b.EditPost(b.now, post.ID, PostEdit{Body: &two}))
	if a.post(post.ID).Body != one || b.post(post.ID).Body != two {
		t.Fatalf("%q\n%q", a.post(post.ID).Body, b.post(post.ID).Body)
	}
	meet(a, b)
	want := "Kære naboer! Vi mødes på lørdag klokken ti ved åen 🙂. Tag kage og kaffe med.\nOg hunde!"
	if got := a.post(post.ID).Body; got != want {
		t.Errorf("%q", got)
	}
}

// An old writer edits a post with kinds, fields and values of a newer one.
func TestUnknownFieldsSurvive(t *testing.T) {
	for _, v := range vectors[[]jsDocument](t, "documents.json") {
		if v.Says != "kinds, fields and types that are not known" {
			continue
		}
		h := v.history(t, func(i int) int { return i })
		w, err := NewWriter(h, "some actor", new(Clock), noon)
		if err != nil {
			t.Fatal(err)
		}
		before := v.Value.(map[string]any)["posts"].(map[string]any)
		for key := range before {
			title, days := "ny titel", int64(noon)
			if _, ok := before[key].(map[string]any); !ok {
				continue
			}
			if _, err := w.EditPost(noon, ID(key), PostEdit{Title: &title, ExpiresOn: &days, AddTags: []string{"ny"}}); err != nil {
				t.Fatal(err)
			}
		}
		posts := w.d.plain(w.d.root).(map[string]any)["posts"].(map[string]any)
		for key := range before {
			post, ok := before[key].(map[string]any)
			if !ok {
				continue
			}
			for field, was := range post {
				is := posts[key].(map[string]any)[field]
				if changed := slices.Contains([]string{"title", "expiresOn", "tags"}, field); !changed && asJSON(t, is) != asJSON(t, was) {
					t.Errorf("%s of post %s was %v and is %v", field, key, was, is)
				}
			}
		}
		return
	}
	t.Fatal("the document is missing")
}

// What Writer writes, for readers in other languages: see written.json.
func TestWritten(t *testing.T) {
	a, b := page(t, "a"), page(t, "b")
	post := request("hjælp til indkøb 🙂")
	post.Place, post.Urgency, post.HelpersWanted, post.ExpiresOn = "opgang 3", "week", 2, noon+30*dayMillis
	post.When = When{Start: noon, Repeat: "weekly", Note: "om formiddagen"}
	post.Tags, post.Item, post.Lost = []string{"torsdag", "indkøb"}, Item{"lend"}, "lost"
	post.Proxy = &Proxy{"neighbour", "spoken", noon, noon + 30*dayMillis, "phone", "desk-1"}
	a.must(a.AddPost(a.now, post))
	idea := request("flere bænke")
	idea.Kind, idea.IdeaStatus = "idea", "new"
	a.must(a.AddPost(a.now+1, idea))
	meet(a, b)
	a.must(a.Reply(a.now, post.ID, NewReply{ident("r1"), "Hvornår?", "Bo", "bo", "da"}))
	b.must(b.OfferHelp(b.now, post.ID, NewOffer{ident("o1"), "Eva", "eva", "Jeg kan torsdag"}))
	title, body := "Indkøb", "Hvem kan hjælpe mig med indkøb hver torsdag?"
	b.must(b.EditPost(b.now, post.ID, PostEdit{Title: &title, Body: &body, AddTags: []string{"mad"}, RemoveTags: []string{"torsdag"}}))
	title = "Hjælp til at købe ind"
	a.must(a.EditPost(a.now, post.ID, PostEdit{Title: &title}))
	meet(a, b)
	a.must(a.AnswerOffer(a.now, post.ID, ident("o1"), NewVote{ident("a1"), "accepted", "device-1"}))
	b.must(b.Support(b.now, idea.ID, "m1", true))
	b.must(b.SetIdea(b.now, idea.ID, "declined", "Der er ikke plads"))
	a.must(a.Extend(a.now, post.ID, noon+60*dayMillis))
	a.must(a.Close(a.now, post.ID, NewVote{ident("k1"), "foundHere", "device-1"}))
	meet(a, b)
	b.must(b.Reopen(b.now, post.ID))
	b.must(b.Moderate(b.now, NewRecord{ident("m1"), ident("r1"), "remove", "3", "uden for emnet", "mod"}))
	b.must(b.Moderate(b.now, NewRecord{ID: ident("m2"), Target: ident("r1"), Action: "restore", By: "mod"}))
	b.must(b.HandOver(b.now, post.ID, NewHandover{ident("h1"), slip, "device-1"}))
	b.must(b.Claim(b.now, post.ID, NewClaim{ident("c1"), slip, "phone-1"}))
	path := filepath.Join("..", "testdata", "board", "written.json")
	type written struct {
		Changes []string        `json:"changes"`
		Read    json.RawMessage `json:"read"`
	}
	got := written{Read: json.RawMessage(asJSON(t, b.read()))}
	for i := range b.h.Len() {
		got.Changes = append(got.Changes, hexOf(b.h.At(i)))
	}
	if *update {
		data, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := vectors[written](t, "written.json")
	if !slices.Equal(got.Changes, want.Changes) || string(got.Read) != compact(t, want.Read) {
		t.Errorf("the writer writes something else than written.json has; if that is meant, go test -update\n%s\n%s", got.Read, want.Read)
	}
}

func hexOf(c *chunk.Change) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, x := range c.Bytes() {
		b.WriteByte(digits[x>>4])
		b.WriteByte(digits[x&15])
	}
	return b.String()
}
