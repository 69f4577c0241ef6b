package board

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/history"
)

// ReadBoard reads a board document. The error wraps ErrMalformed: the document
// does not begin as a board does.
func ReadBoard(h *history.History) (Board, error) {
	d, err := materialise(h)
	if err != nil {
		return Board{}, err
	}
	return d.board()
}

// ReadPage reads a page. The error wraps ErrMalformed: the document does not
// begin as a page does.
func ReadPage(h *history.History) (Page, error) {
	d, err := materialise(h)
	if err != nil {
		return Page{}, err
	}
	return d.page()
}

func materialise(h *history.History) (*doc, error) {
	d := newDoc(nil)
	for i := range h.Len() {
		if err := d.apply(h.At(i)); err != nil {
			return nil, fmt.Errorf("read a document: %w", err)
		}
	}
	return d, nil
}

// top is the root map, of a document of the given kind.
func (d *doc) top(kind string) (entry, error) {
	e := entry{d: d, objects: []*object{d.root}}
	if got := e.string("kind"); got != kind {
		return e, fmt.Errorf("%w: the document is of kind %.20q, not %q", ErrMalformed, got, kind)
	}
	return e, nil
}

func (d *doc) board() (Board, error) {
	var b Board
	e, err := d.top("board")
	if err != nil {
		return b, err
	}
	e.notes = &b.Concurrent
	b.Title, b.About, b.Place, b.Controller = e.string("title"), e.string("about"), e.string("place"), e.string("controller")
	b.TimeZone = cmp.Or(e.string("timeZone"), "Europe/Copenhagen")
	b.Demo = e.bool("demo")
	b.Languages = e.entryAt("languages").set()
	for _, s := range e.entryAt("pinned").set() {
		b.Pinned = append(b.Pinned, ID(s))
	}
	settings := e.entryAt("settings")
	b.Settings = Settings{settings.number("openDays", 30), settings.number("closedDays", 90), settings.number("unansweredHours", 48)}
	b.HouseRules = e.entryAt("houseRules").byLanguage(entry.text)
	e.entryAt("categories").children(func(key string, e entry) {
		c := Category{ID: ID(key)}
		e.notes = &c.Concurrent
		c.Icon, c.Order, c.Hidden = e.string("icon"), e.number("order", 0), e.bool("hidden")
		c.Label = e.entryAt("label").byLanguage(entry.string)
		b.Categories = append(b.Categories, c)
	})
	e.entryAt("contacts").children(func(key string, e entry) {
		c := Contact{ID: ID(key)}
		e.notes = &c.Concurrent
		c.Name, c.Phone, c.Hours, c.Note = e.string("name"), e.string("phone"), e.string("hours"), e.string("note")
		c.Order = e.number("order", 0)
		b.Contacts = append(b.Contacts, c)
	})
	slices.SortStableFunc(b.Categories, func(a, b Category) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortStableFunc(b.Contacts, func(a, b Contact) int { return cmp.Compare(a.Order, b.Order) })
	return b, nil
}

func (e entry) byLanguage(read func(entry, string) string) map[string]string {
	var m map[string]string
	for _, lang := range e.keys() {
		if s := read(e, lang); s != "" {
			if m == nil {
				m = map[string]string{}
			}
			m[lang] = s
		}
	}
	return m
}

func (d *doc) page() (Page, error) {
	p := Page{Posts: []Post{}}
	e, err := d.top("page")
	if err != nil {
		return p, err
	}
	p.Board, p.Month, p.Epoch = e.string("board"), e.string("month"), e.number("epoch", 0)
	e.entryAt("posts").children(func(key string, e entry) { p.Posts = append(p.Posts, e.post(ID(key))) })
	e.entryAt("moderation").children(func(key string, e entry) {
		p.Moderation = append(p.Moderation, Record{
			ID: ID(key), Made: e.made(), Target: ID(e.string("target")), Action: e.string("action"), Rule: e.string("rule"),
			Facts: e.string("facts"), By: e.string("by"), CreatedAt: e.time("createdAt"), Restores: e.entryAt("restores").set(),
		})
	})
	SortPosts(p.Posts)
	slices.SortFunc(p.Moderation, func(a, b Record) int { return a.Made.Compare(b.Made) })
	return p, nil
}

// SortPosts orders posts as lists show them: the newest first, then by id.
func SortPosts(posts []Post) {
	slices.SortFunc(posts, func(a, b Post) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
}

func (e entry) post(id ID) Post {
	p := Post{ID: id}
	e.notes = &p.Concurrent
	p.Kind, p.Title, p.Body, p.Lang = e.string("kind"), e.string("title"), e.text("body"), e.string("lang")
	p.Author, p.CreatedBy, p.Origin = e.string("author"), e.string("createdBy"), e.string("origin")
	p.CreatedAt, p.ClientTime = e.time("createdAt"), e.millis("clientTime")
	p.Place, p.Urgency, p.Lost = e.string("place"), e.string("urgency"), e.string("lost")
	p.HelpersWanted, p.ExpiresOn = e.number("helpersWanted", 1), e.millis("expiresOn")
	when := e.entryAt("when")
	p.When = When{when.millis("start"), when.millis("end"), when.string("repeat"), when.string("note")}
	p.Item.Action = e.entryAt("item").string("action")
	idea := e.entryAt("idea")
	p.Idea = Idea{idea.string("status"), idea.string("reason")}
	p.Tags, p.Categories, p.Supports = e.entryAt("tags").set(), e.entryAt("categories").set(), e.entryAt("supports").set()
	if x := e.entryAt("proxy"); !x.empty() {
		p.Proxy = &Proxy{
			x.string("kind"), x.string("permission"), x.millis("permittedAt"), x.millis("permittedUntil"),
			x.string("callBackBy"), x.string("connector"),
		}
	}
	e.replies(&p)
	e.offers(&p)
	e.closings(&p)
	e.arrangement(&p)
	e.handovers(&p)
	return p
}

func (e entry) replies(p *Post) {
	e.entryAt("replies").children(func(key string, e entry) {
		r := Reply{ID: ID(key)}
		e.notes = &r.Concurrent
		r.Body, r.Author, r.CreatedBy, r.Lang = e.text("body"), e.string("author"), e.string("createdBy"), e.string("lang")
		r.CreatedAt = e.time("createdAt")
		p.Replies = append(p.Replies, r)
	})
	slices.SortStableFunc(p.Replies, func(a, b Reply) int { return a.CreatedAt.Compare(b.CreatedAt) })
}

func (e entry) offers(p *Post) {
	e.entryAt("offers").children(func(key string, e entry) {
		o := Offer{ID: ID(key)}
		e.notes = &o.Concurrent
		o.Author, o.CreatedBy, o.Message = e.string("author"), e.string("createdBy"), e.string("message")
		o.CreatedAt, o.Withdrawn = e.time("createdAt"), e.marked("withdrawn")
		e.entryAt("answers").children(func(key string, e entry) {
			o.Answers = append(o.Answers, Answer{ID(key), e.made(), e.string("answer"), e.string("by"), e.time("createdAt")})
		})
		slices.SortFunc(o.Answers, func(a, b Answer) int { return a.Made.Compare(b.Made) })
		p.Offers = append(p.Offers, o)
	})
	slices.SortStableFunc(p.Offers, func(a, b Offer) int { return a.CreatedAt.Compare(b.CreatedAt) })
}

func (e entry) closings(p *Post) {
	e.entryAt("closings").children(func(key string, e entry) {
		p.Closings = append(p.Closings,
			Closing{ID(key), e.made(), e.string("outcome"), e.string("by"), e.time("createdAt"), e.marked("reopened")})
	})
	slices.SortFunc(p.Closings, func(a, b Closing) int { return a.Made.Compare(b.Made) })
}

func (e entry) arrangement(p *Post) {
	e.entryAt("terms").children(func(key string, e entry) {
		p.Terms = append(p.Terms, Terms{
			ID(key), e.made(), e.string("party"), e.string("task"), e.string("place"), e.string("repeat"), e.millis("start"),
			e.time("createdAt"), e.entryAt("replaces").set(),
		})
	})
	e.entryAt("acks").children(func(key string, e entry) {
		p.Acks = append(p.Acks, Ack{ID(key), e.made(), e.string("party"), ID(e.string("terms")), e.time("createdAt")})
	})
	slices.SortFunc(p.Terms, func(a, b Terms) int { return a.Made.Compare(b.Made) })
	slices.SortFunc(p.Acks, func(a, b Ack) int { return a.Made.Compare(b.Made) })
}
