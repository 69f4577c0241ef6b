package board

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

type viewVectors struct {
	Now, Offset     int64
	UnansweredHours int64
	Pages           []Page
	Order           []ID
	Lists           []struct {
		Filter Filter
		IDs    []ID
	}
	Codes []struct {
		Said string
		IDs  []ID
	}
	Unanswered []ID
	ReplyRates []struct {
		Kinds           []string
		From, To        int64
		Answered, Posts int
	}
	Trusted []struct {
		Now, Offset int64
		Trusted     bool
	}
}

func idsOf(posts []Post) []ID {
	ids := []ID{}
	for _, p := range posts {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestViews(t *testing.T) {
	v := vectors[viewVectors](t, "views.json")
	b := Board{Settings: Settings{UnansweredHours: v.UnansweredHours}}
	view := NewView(b, v.Pages, v.Now, v.Offset)
	if got := idsOf(view.List(Filter{Removed: true})); !slices.Equal(got, v.Order) {
		t.Errorf("all posts: %s, want %s", got, v.Order)
	}
	for _, l := range v.Lists {
		if got := idsOf(view.List(l.Filter)); !slices.Equal(got, l.IDs) {
			t.Errorf("%+v: %s, want %s", l.Filter, got, l.IDs)
		}
	}
	for _, c := range v.Codes {
		if got := idsOf(view.ByCode(c.Said)); !slices.Equal(got, c.IDs) {
			t.Errorf("code %q: %s, want %s", c.Said, got, c.IDs)
		}
	}
	if got := idsOf(view.Unanswered()); !slices.Equal(got, v.Unanswered) {
		t.Errorf("unanswered: %s, want %s", got, v.Unanswered)
	}
	for _, r := range v.ReplyRates {
		if answered, posts := view.ReplyRate(r.From, r.To, r.Kinds...); answered != r.Answered || posts != r.Posts {
			t.Errorf("%v from %d to %d: %d of %d were answered, want %d of %d", r.Kinds, r.From, r.To, answered, posts, r.Answered, r.Posts)
		}
	}
	for _, x := range v.Trusted {
		view := NewView(b, v.Pages, x.Now, x.Offset)
		if view.Trusted() != x.Trusted {
			t.Errorf("at %d, %d ahead of the server: trusted %v", x.Now, x.Offset, view.Trusted())
		}
		if expired := view.List(Filter{Status: StatusExpired}); !x.Trusted && len(expired) > 0 {
			t.Errorf("at %d, %d ahead of the server, %s are expired", x.Now, x.Offset, idsOf(expired))
		}
	}
}

func TestAnswersAreSomebodys(t *testing.T) {
	o := Offer{Answers: []Answer{{Answer: "accepted", By: "a"}, {Answer: "declined", By: "b"}, {Answer: "thinking", By: "a"}}}
	if !o.Accepted() {
		t.Error("what one accepted, another has declined")
	}
	o.Answers = append(o.Answers, Answer{Answer: "declined", By: "a"})
	if o.Accepted() {
		t.Error("declined by the same, and still accepted")
	}
}

func TestExtending(t *testing.T) {
	d := page(t, "phone")
	post := request("en stige")
	post.ExpiresOn = noon
	d.must(d.AddPost(d.now, post))
	if d.must(d.Extend(d.now, post.ID, noon-1)) {
		t.Error("extended to an earlier day")
	}
	d.must(d.Extend(d.now, post.ID, noon+dayMillis))
	if got := d.post(post.ID).ExpiresOn; got != noon+dayMillis {
		t.Errorf("expires on %d", got)
	}
}

func TestLimits(t *testing.T) {
	d := page(t, "phone")
	long := func(n int) string { return strings.Repeat("ø", n) }
	post := request("en stige")
	post.Title, post.Body = long(TitleMax), long(BodyMax)
	d.must(d.AddPost(d.now, post))
	edit := func(x PostEdit) error { _, err := d.EditPost(d.now, post.ID, x); return err }
	add := func(change func(*NewPost)) error {
		p := request("ny")
		change(&p)
		_, err := d.AddPost(d.now, p)
		return err
	}
	title, body, empty, odd := long(TitleMax+1), long(BodyMax+1), " ", "tomorrow"
	_, noPost := d.Reply(d.now, ident("nothing"), NewReply{ID: ident("r"), Body: "x"})
	_, longReply := d.Reply(d.now, post.ID, NewReply{ID: ident("r"), Body: long(ReplyMax + 1)})
	_, noOffer := d.WithdrawOffer(d.now, post.ID, ident("nothing"))
	_, noReason := d.SetIdea(d.now, post.ID, "declined", "")
	_, noTerms := d.Ack(d.now, post.ID, NewAck{ident("a"), "club", ident("nothing")})
	_, oddOutcome := d.Close(d.now, post.ID, NewVote{ident("k"), "won", "x"})
	for says, c := range map[string]struct{ err, want error }{
		"title":       {edit(PostEdit{Title: &title}), ErrTooLong},
		"body":        {edit(PostEdit{Body: &body}), ErrTooLong},
		"no title":    {edit(PostEdit{Title: &empty}), ErrRequired},
		"urgency":     {edit(PostEdit{Urgency: &odd}), ErrMalformed},
		"tags":        {edit(PostEdit{AddTags: make([]string, TagsMax+1)}), ErrTooLong},
		"kind":        {add(func(p *NewPost) { p.Kind = "suspicion" }), ErrMalformed},
		"id":          {add(func(p *NewPost) { p.ID = "p1" }), ErrMalformed},
		"nobody":      {add(func(p *NewPost) { p.CreatedBy = "" }), ErrRequired},
		"UTF-8":       {add(func(p *NewPost) { p.Body = "\xff" }), ErrMalformed},
		"place":       {add(func(p *NewPost) { p.Place = long(LineMax + 1) }), ErrTooLong},
		"permission":  {add(func(p *NewPost) { p.Proxy = &Proxy{Permission: "guessed"} }), ErrMalformed},
		"no post":     {noPost, ErrUnknown},
		"long reply":  {longReply, ErrTooLong},
		"no offer":    {noOffer, ErrUnknown},
		"no reason":   {noReason, ErrRequired},
		"no terms":    {noTerms, ErrUnknown},
		"odd outcome": {oddOutcome, ErrMalformed},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", says, c.err, c.want)
		}
	}
	if d.h.Len() != 2 {
		t.Errorf("what was refused made %d changes", d.h.Len()-2)
	}
}

func TestBoardDocument(t *testing.T) {
	a := newDevice(t, "a", noon, BoardGenesis())
	b := newDevice(t, "b", noon, BoardGenesis())
	text := func(s string) *string { return &s }
	yes, hours := true, int64(24)
	a.must(a.EditBoard(a.now, BoardEdit{
		Title: text("Åparken"), Demo: &yes, AddLanguages: []string{"da", "nl"}, UnansweredHours: &hours,
		HouseRules: map[string]string{"da": "Tal pænt til hinanden."},
	}))
	a.must(a.SetCategory(a.now, Category{ID: ident("c"), Label: map[string]string{"da": "Vaskeri"}, Order: 2}))
	a.must(a.SetContact(a.now, Contact{ID: ident("k"), Name: "Kontoret", Hours: "8-10"}))
	a.must(a.SetContact(a.now, Contact{ID: ident("l"), Name: "Varmemesteren"}))
	b.must(b.SetCategory(b.now, Category{ID: ident("d"), Icon: "leaf", Order: 1}))
	b.must(b.Pin(b.now, ident("post"), true))
	meet(a, b)
	a.must(a.EditBoard(a.now, BoardEdit{HouseRules: map[string]string{"da": "Tal altid pænt til hinanden."}, RemoveLanguages: []string{"nl"}}))
	b.must(b.EditBoard(b.now, BoardEdit{HouseRules: map[string]string{"da": "Tal pænt til hinanden. Hils!"}, AddLanguages: []string{"en"}}))
	b.must(b.RemoveContact(b.now, ident("l")))
	meet(a, b)
	if a.must(a.EditBoard(a.now, BoardEdit{Title: text("Åparken"), Demo: &yes, AddLanguages: []string{"da"}})) ||
		a.must(a.SetContact(a.now, Contact{ID: ident("k"), Name: "Kontoret", Hours: "8-10"})) || a.must(a.Pin(a.now, ident("post"), true)) {
		t.Error("what is there already makes a change")
	}
	got, err := a.Board()
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Contacts) != 1 || got.Contacts[0].Hours != "8-10" || len(got.Categories) != 2 || got.Categories[0].Icon != "leaf" ||
		got.Categories[1].Label["da"] != "Vaskeri" || !got.Demo || got.Title != "Åparken" || !slices.Equal(got.Pinned, []ID{ident("post")}) ||
		!slices.Equal(got.Languages, []string{"da", "en"}) || got.HouseRules["da"] != "Tal altid pænt til hinanden. Hils!" ||
		got.Settings != (Settings{30, 90, 24}) || got.TimeZone != "Europe/Copenhagen" || got.Concurrent != nil {
		t.Errorf("%s", asJSON(t, got))
	}
	if _, err := a.Page(); !errors.Is(err, ErrMalformed) {
		t.Errorf("a board is read as a page: %v", err)
	}
}

// Half of the posts from the future are no reason to mistrust the clock.
func TestHalfFromTheFuture(t *testing.T) {
	posts := []Post{{ID: "a", CreatedAt: Time{Millis: noon}}, {ID: "b", CreatedAt: Time{Millis: noon + 2*dayMillis}}}
	if !NewView(Board{}, []Page{{Posts: posts}}, noon, 0).Trusted() {
		t.Error("half of the posts are from the future, and the clock is not trusted")
	}
	if NewView(Board{}, []Page{{Posts: append(posts, posts[1])}}, noon, 0).Trusted() {
		t.Error("most posts are from the future, and the clock is trusted")
	}
}

// A closing that was sent from two tabs, and another between them: the earliest
// operation says which closing came first.
func TestMadeTwice(t *testing.T) {
	a, tab, other := page(t, "a"), page(t, "tab"), page(t, "other")
	post := request("en stige")
	a.must(a.AddPost(a.now, post))
	meet(a, tab, other)
	twice := NewVote{ident("k1"), "foundHere", "device-1"}
	a.must(a.Close(a.now, post.ID, twice))
	meet(a, other)
	other.must(other.Close(other.now, post.ID, NewVote{ident("k2"), "notNeeded", "device-2"}))
	for range 9 { // so that the tab's operations have higher numbers
		tab.must(tab.Support(tab.now, post.ID, "m", true))
		tab.must(tab.Support(tab.now, post.ID, "m", false))
	}
	tab.must(tab.Close(tab.now, post.ID, twice))
	meet(a, tab, other)
	if p := a.post(post.ID); p.Outcome() != "foundHere" || len(p.Closings) != 2 {
		t.Errorf("the outcome is %s of %d closings", p.Outcome(), len(p.Closings))
	}
}
