package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// demoPost is a post of examples/data/posts.json; see README.md there.
type demoPost struct {
	ID, Language, Kind, Lost, Title, Body string
	Author, Place                         string
	CreatedAt                             time.Time
	Status, StatusReason                  string
	Urgency, OnBehalf                     string
	When                                  struct{ Start, End, Repeat string }
	Item                                  struct{ Action string }
	Parties                               []struct{ Name, Answer string }
	Offers                                []struct {
		Author, Message, State string
		CreatedAt              time.Time
	}
	Replies []struct {
		Author, Body string
		CreatedAt    time.Time
	}
}

const (
	demoZone   = "Europe/Copenhagen"
	dayMillis  = 24 * 60 * 60 * 1000
	hourMillis = 60 * 60 * 1000
)

// script is what happens on the demo board: the posts, shifted by whole weeks so
// that the newest is of the last seven days, and nothing later than now.
type script struct {
	posts []demoPost
	seed  string // of the actors: another script has others
	zone  *time.Location
	days  int
	now   time.Time
}

func newScript(data []byte, now time.Time) (*script, error) {
	zone, err := time.LoadLocation(demoZone)
	if err != nil {
		return nil, err
	}
	s := &script{zone: zone, now: now.In(zone), seed: fmt.Sprintf("tavle/demo/v1/%x/%d/", sha256.Sum256(data), now.UnixMilli())}
	if err := json.Unmarshal(data, &s.posts); err != nil {
		return nil, fmt.Errorf("read the posts: %w", err)
	}
	if len(s.posts) == 0 {
		return nil, errors.New("there are no posts in it")
	}
	newest := slices.MaxFunc(s.posts, func(a, b demoPost) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt
	s.days = 7 * int(math.Floor(day(s.now).Sub(day(newest.In(zone))).Hours()/24/7))
	return s, nil
}

// day is noon in UTC of the date of a moment, so that days differ by 24 hours.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
}

// shift moves what happened to the days before now.
func (s *script) shift(t time.Time) int64 {
	return min(t.In(s.zone).AddDate(0, 0, s.days).UnixMilli(), s.now.UnixMilli())
}

// local moves a time of an event, which may well come. A day alone begins, or as
// an end ends, at midnight.
func (s *script) local(text string, end bool) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", text, s.zone)
	days := s.days
	if err != nil {
		if t, err = time.ParseInLocation(time.DateOnly, text, s.zone); err != nil {
			return 0, err
		}
		if end {
			days++
		}
	}
	return t.AddDate(0, 0, days).UnixMilli(), nil
}

func (s *script) month(p demoPost) board.Month { return board.MonthOf(s.shift(p.CreatedAt), s.zone) }

// months are those of the posts, each once.
func (s *script) months() []board.Month {
	var all []board.Month
	for _, p := range s.posts {
		if m := s.month(p); !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

func (s *script) actor(doc id.Document) id.Actor {
	sum := sha256.Sum256([]byte(s.seed + doc.String()))
	return id.Actor(sum[:16])
}

func demoID(of string) board.ID {
	sum := sha256.Sum256([]byte("tavle/demo/v1/" + of))
	return board.IDFromBytes([16]byte(sum[:16]))
}

// postID is an id of which the code is that of the posts' file.
func postID(code string) (board.ID, error) {
	x := demoID(code)
	return board.ParseID(code + string(x[len(board.Code(x)):]))
}

func member(name string) string { return string(demoID("member/" + name)) }

// act is one action of the script, at a time.
type act struct {
	at int64
	do func(w *board.Writer, now int64) (*chunk.Change, error)
}

// write plays the posts of a month, in the order of time.
func (s *script) write(h *history.History, doc id.Document, month board.Month) error {
	var acts []act
	for _, p := range s.posts {
		if s.month(p) != month {
			continue
		}
		more, err := s.acts(p)
		if err != nil {
			return fmt.Errorf("post %s: %w", p.ID, err)
		}
		acts = append(acts, more...)
	}
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	w, err := board.NewWriter(h, s.actor(doc), new(board.Clock), acts[0].at)
	if err != nil {
		return err
	}
	for _, a := range acts {
		if _, err := a.do(w, a.at); err != nil {
			return err
		}
	}
	return nil
}

// acts are the actions around one post.
func (s *script) acts(p demoPost) ([]act, error) {
	post, err := s.post(p)
	if err != nil {
		return nil, err
	}
	created := s.shift(p.CreatedAt)
	acts := []act{{created, func(w *board.Writer, now int64) (*chunk.Change, error) { return w.AddPost(now, post) }}}
	last := created
	then := func(at int64, do func(w *board.Writer, now int64) (*chunk.Change, error)) {
		at = min(at, s.now.UnixMilli())
		acts = append(acts, act{at, do})
		last = max(last, at)
	}
	for i, r := range p.Replies {
		reply := board.NewReply{
			ID: demoID(fmt.Sprintf("%s/reply/%d", p.ID, i)), Body: s.dates(r.Body, r.CreatedAt), Author: r.Author, CreatedBy: member(r.Author),
		}
		then(s.shift(r.CreatedAt), func(w *board.Writer, now int64) (*chunk.Change, error) { return w.Reply(now, post.ID, reply) })
	}
	for i, o := range p.Offers {
		name := fmt.Sprintf("%s/offer/%d", p.ID, i)
		offer := board.NewOffer{ID: demoID(name), Author: o.Author, CreatedBy: member(o.Author), Message: s.dates(o.Message, o.CreatedAt)}
		at := s.shift(o.CreatedAt)
		then(at, func(w *board.Writer, now int64) (*chunk.Change, error) { return w.OfferHelp(now, post.ID, offer) })
		answered := at + hourMillis/2
		switch o.State {
		case "accepted", "declined":
			vote := board.NewVote{ID: demoID(name + "/answer"), Is: o.State, By: post.CreatedBy}
			then(answered, func(w *board.Writer, now int64) (*chunk.Change, error) {
				return w.AnswerOffer(now, post.ID, offer.ID, vote)
			})
		case "withdrawn":
			then(answered, func(w *board.Writer, now int64) (*chunk.Change, error) {
				return w.WithdrawOffer(now, post.ID, offer.ID)
			})
		}
	}
	s.parties(p, post, then)
	s.end(p, post, last+hourMillis, then)
	return acts, nil
}

type then func(at int64, do func(w *board.Writer, now int64) (*chunk.Change, error))

// parties lets the first party of an arrangement propose it and the others that
// answered yes agree.
func (s *script) parties(p demoPost, post board.NewPost, then then) {
	if len(p.Parties) == 0 {
		return
	}
	created := s.shift(p.CreatedAt)
	terms := board.NewTerms{
		ID: demoID(p.ID + "/terms"), Party: p.Parties[0].Name, Task: post.Title, Place: p.Place, Repeat: post.When.Repeat, Start: post.When.Start,
	}
	then(created, func(w *board.Writer, now int64) (*chunk.Change, error) { return w.Propose(now, post.ID, terms) })
	for i, party := range p.Parties[1:] {
		if party.Answer == "yes" {
			ack := board.NewAck{ID: demoID(fmt.Sprintf("%s/ack/%d", p.ID, i)), Party: party.Name, Terms: terms.ID}
			then(created+hourMillis, func(w *board.Writer, now int64) (*chunk.Change, error) { return w.Ack(now, post.ID, ack) })
		}
	}
}

// end closes what is fulfilled, and answers an idea.
func (s *script) end(p demoPost, post board.NewPost, at int64, then then) {
	vote := board.NewVote{ID: demoID(p.ID + "/closing"), By: post.CreatedBy}
	switch p.Status {
	case "fulfilled":
		vote.Is = "foundHere"
	case "withdrawn":
		vote.Is = "notNeeded"
	case "considering", "planned", "done", "declined":
		then(at, func(w *board.Writer, now int64) (*chunk.Change, error) {
			return w.SetIdea(now, post.ID, p.Status, s.dates(p.StatusReason, p.CreatedAt))
		})
	}
	if vote.Is != "" {
		then(at, func(w *board.Writer, now int64) (*chunk.Change, error) { return w.Close(now, post.ID, vote) })
	}
}

func (s *script) post(p demoPost) (board.NewPost, error) {
	postID, err := postID(p.ID)
	if err != nil {
		return board.NewPost{}, err
	}
	start, errStart := s.local(p.When.Start, false)
	end, errEnd := s.local(p.When.End, true)
	if err := cmp.Or(errStart, errEnd); err != nil {
		return board.NewPost{}, fmt.Errorf("when: %w", err)
	}
	post := board.NewPost{
		ID: postID, Kind: p.Kind, Title: s.dates(p.Title, p.CreatedAt), Body: s.dates(p.Body, p.CreatedAt), Lang: p.Language,
		Author: p.Author, CreatedBy: member(p.Author),
		Origin: "demo", Place: p.Place, Urgency: p.Urgency, Lost: p.Lost, Item: board.Item{Action: p.Item.Action},
		When: board.When{Start: start, End: end, Repeat: p.When.Repeat}, ExpiresOn: s.expires(p),
	}
	if p.Kind == "idea" {
		post.IdeaStatus = "new"
	}
	if p.OnBehalf != "" {
		created := s.shift(p.CreatedAt)
		post.Proxy = &board.Proxy{
			Kind: p.OnBehalf, Permission: "spoken", PermittedAt: created, PermittedUntil: created + 30*dayMillis, CallBackBy: "phone",
			Connector: member(p.Author),
		}
	}
	return post, nil
}

// expires is 30 days after a post was made, but not before next week, so that the
// board lives; for a post that has expired a week after, or yesterday.
func (s *script) expires(p demoPost) int64 {
	created, now := s.shift(p.CreatedAt), s.now.UnixMilli()
	switch {
	case p.Kind == "idea" || p.Kind == "arrangement":
		return 0
	case p.Status == "expired":
		return min(created+7*dayMillis, now-dayMillis)
	}
	return max(created+30*dayMillis, now+7*dayMillis)
}

// describe writes the board document.
func (s *script) describe(h *history.History) error {
	now := s.now.UnixMilli()
	w, err := board.NewWriter(h, s.actor(board.DemoBoard()), new(board.Clock), now)
	if err != nil {
		return err
	}
	title, place, zone, yes := "Lindeparken", "Lindeparken", demoZone, true
	about := "En øvetavle for et kvarter, der ikke findes · Een oefenbord voor een buurt die niet bestaat · A practice board for a neighbourhood that does not exist"
	controller := "Ingen: på øvetavlen er alt opdigtet · Niemand: alles is verzonnen · Nobody: everything here is made up"
	_, err = w.SetContact(now, board.Contact{
		ID: demoID("contact/office"), Name: "Ejendomskontoret · huismeester · caretakers’ office", Hours: "8–10", Order: 1,
	})
	if err != nil {
		return err
	}
	_, err = w.EditBoard(now, board.BoardEdit{
		Title: &title, About: &about, Place: &place, TimeZone: &zone, Controller: &controller, Demo: &yes, AddLanguages: []string{"da", "en", "nl"},
		HouseRules: map[string]string{
			"da": "Skriv venligt. Ingen efternavne, numre eller adresser. Skriv ikke om andre uden at have spurgt dem.",
			"nl": "Schrijf vriendelijk. Geen achternamen, nummers of adressen. Schrijf niet over anderen zonder het te vragen.",
			"en": "Write kindly. No surnames, numbers or addresses. Do not write about others without asking them.",
		},
	})
	return err
}
