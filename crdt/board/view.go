package board

import (
	"slices"
	"strings"
)

// View is the posts of a board as one reader sees them at one moment: the pages
// that are at hand, and what the reader's clock says. It reads nothing itself.
// Immutable after NewView.
type View struct {
	board   Board
	posts   []Post // in the order of lists
	hiding  Hiding
	reasons map[ID]Record
	now     int64
	trusted bool
}

// NewView makes a view. now is the reader's clock in milliseconds since 1970;
// offset is by how much it was ahead of the server's when the reader last reached
// it, and 0 for a reader that never did. The pages are not kept.
func NewView(b Board, pages []Page, now, offset int64) *View {
	v := &View{board: b, hiding: Hiding{}, reasons: map[ID]Record{}, now: now}
	future := 0
	for _, p := range pages {
		v.posts = append(v.posts, p.Posts...)
		for target, r := range p.Reasons() {
			if before, ok := v.reasons[target]; !ok || r.overrules(before) {
				v.reasons[target], v.hiding[target] = r, r.Action
			}
		}
	}
	for _, p := range v.posts {
		if p.CreatedAt.Millis > now+aheadMax {
			future++
		}
	}
	SortPosts(v.posts)
	v.trusted = max(offset, -offset) <= aheadMax && 2*future <= len(v.posts)
	return v
}

// Trusted tells whether the reader may trust its clock. One that does not calls
// nothing expired and no day today.
func (v *View) Trusted() bool { return v.trusted }

// Hiding is what moderation did to the entries of all pages.
func (v *View) Hiding() Hiding { return v.hiding }

// Reason returns the record by which a post, reply or offer is hidden or removed,
// for people who ask why.
func (v *View) Reason(entry ID) (Record, bool) {
	r, ok := v.reasons[entry]
	return r, ok
}

// Status of a post.
type Status string

// A post is in one of these; an expired post may have offers that nobody has
// seen, and says so.
const (
	StatusOpen    Status = "open"
	StatusClosed  Status = "closed"
	StatusExpired Status = "expired"
)

// Status says whether a post is open, closed or expired.
func (v *View) Status(p *Post) Status {
	switch {
	case !p.Open():
		return StatusClosed
	case v.trusted && p.ExpiresOn != 0 && p.ExpiresOn <= v.now:
		return StatusExpired
	}
	return StatusOpen
}

// Filter says which posts are wanted. Zero fields ask for all.
type Filter struct {
	Kinds     []string
	Status    Status
	Place     string // as it stands in the post, but for case and accents
	Lang      string
	Category  string
	Tag       string
	CreatedBy string
	Query     string // words that posts begin with; see Search in SCHEMA.md
	Removed   bool   // removed posts too
}

// List returns the posts that the filter asks for, the newest first.
func (v *View) List(f Filter) []Post {
	query := Words(f.Query)
	return keepIf(v.posts, func(p Post) bool {
		return (f.Removed || !v.hiding.Removed(p.ID)) &&
			(len(f.Kinds) == 0 || slices.Contains(f.Kinds, p.Kind)) &&
			(f.Status == "" || v.Status(&p) == f.Status) &&
			(f.Place == "" || Fold(f.Place) == Fold(p.Place)) &&
			(f.Lang == "" || f.Lang == p.Lang) &&
			(f.Category == "" || slices.Contains(p.Categories, f.Category)) &&
			(f.Tag == "" || slices.Contains(p.Tags, f.Tag)) &&
			(f.CreatedBy == "" || f.CreatedBy == p.CreatedBy) &&
			(len(query) == 0 || v.found(&p, query))
	})
}

// found tells whether each word is the beginning of a word of the post.
func (v *View) found(p *Post, query []string) bool {
	texts := append([]string{p.Title, p.Body, p.Place, p.Author, Code(p.ID)}, p.Tags...)
	for _, r := range p.Replies {
		if !v.hiding.Removed(r.ID) {
			texts = append(texts, r.Body)
		}
	}
	words := Words(strings.Join(texts, "\n"))
	for _, q := range query {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, q) }) {
			return false
		}
	}
	return true
}

// ByCode returns the posts with a post code, as a person said or typed it:
// several if they share it, none if there is no such post or it is no code.
// Removed posts are among them.
func (v *View) ByCode(said string) []Post {
	code, err := ParseCode(said)
	if err != nil {
		return nil
	}
	return keepIf(v.posts, func(p Post) bool { return Code(p.ID) == code })
}

// Unanswered returns the posts that wait for somebody, the newest first.
func (v *View) Unanswered() []Post {
	before := v.now - v.board.Settings.UnansweredHours*hourMillis
	return keepIf(v.posts, func(p Post) bool {
		waits := p.Kind == "request" || p.Kind == "companion" || p.Kind == "question" || p.Kind == "item" && p.Item.Action == "seek"
		old := p.CreatedAt.Millis < before || p.CreatedAt.Millis > v.now+aheadMax
		return waits && old && v.Status(&p) == StatusOpen && !v.hiding.Removed(p.ID) && !p.Answered(v.hiding)
	})
}

// ReplyRate counts the posts of the kinds (all, if none are given) that were
// created from the moment from on and before to, and those of them that were
// answered. Removed posts do not count.
func (v *View) ReplyRate(from, to int64, kinds ...string) (answered, posts int) {
	for _, p := range v.List(Filter{Kinds: kinds}) {
		if p.CreatedAt.Millis < from || p.CreatedAt.Millis >= to {
			continue
		}
		posts++
		if p.Answered(v.hiding) {
			answered++
		}
	}
	return answered, posts
}
