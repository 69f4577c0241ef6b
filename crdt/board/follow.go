package board

import (
	"cmp"
	"slices"
	"strings"
)

// What follows from a post by itself; see "What follows from it" in SCHEMA.md.

// Open tells whether no closing stands.
func (p *Post) Open() bool { return len(p.StandingClosings()) == 0 }

// StandingClosings are the closings that were not reopened, the earliest first.
func (p *Post) StandingClosings() []Closing {
	return keepIf(p.Closings, func(c Closing) bool { return !c.Reopened })
}

// Outcome is that of the earliest closing that stands; "" when the post is open.
func (p *Post) Outcome() string {
	if c := p.StandingClosings(); len(c) > 0 {
		return c[0].Outcome
	}
	return ""
}

// Accepted tells whether somebody accepted the offer and did not decline it
// later.
func (o *Offer) Accepted() bool {
	last := map[string]string{}
	for _, a := range o.Answers { // the earliest first
		if a.Answer == "accepted" || a.Answer == "declined" {
			last[a.By] = a.Answer
		}
	}
	for _, answer := range last {
		if answer == "accepted" {
			return true
		}
	}
	return false
}

// StandingTerms are those that no others replace, the earliest first. More than
// one were proposed at the same time.
func (p *Post) StandingTerms() []Terms {
	replaced := map[string]bool{}
	for _, t := range p.Terms {
		for _, r := range t.Replaces {
			replaced[r] = replaced[r] || r != string(t.ID)
		}
	}
	return keepIf(p.Terms, func(t Terms) bool { return !replaced[string(t.ID)] })
}

// Agreed returns the terms that stand alone and that another party said yes to.
func (p *Post) Agreed() (Terms, bool) {
	standing := p.StandingTerms()
	if len(standing) != 1 {
		return Terms{}, false
	}
	t := standing[0]
	return t, slices.ContainsFunc(p.Acks, func(a Ack) bool { return a.Terms == t.ID && a.Party != t.Party })
}

// Hiding is what moderation did to posts, replies and offers: for each, "hide",
// "remove" or nothing.
type Hiding map[ID]string

// Hiding computes what the records of the page mean together.
func (p *Page) Hiding() Hiding {
	h := Hiding{}
	for target, r := range p.Reasons() {
		h[target] = r.Action
	}
	return h
}

// Reasons are the records by which entries are hidden or removed, by target: for
// each the earliest that stands. A removal stands until a restore that knew of
// it, and counts for more than hiding.
func (p *Page) Reasons() map[ID]Record {
	restored := map[string]bool{}
	for _, r := range p.Moderation {
		if r.Action == "restore" {
			for _, x := range r.Restores {
				restored[x] = true
			}
		}
	}
	reasons := map[ID]Record{}
	for _, r := range p.Moderation {
		if restored[string(r.ID)] || r.Action != "remove" && r.Action != "hide" {
			continue
		}
		if before, ok := reasons[r.Target]; !ok || r.Action == "remove" && before.Action == "hide" {
			reasons[r.Target] = r
		}
	}
	return reasons
}

// overrules tells whether a record of another page says more than this one, or
// the same earlier.
func (r Record) overrules(other Record) bool {
	if r.Action != other.Action {
		return r.Action == "remove"
	}
	return cmp.Or(r.CreatedAt.Compare(other.CreatedAt), strings.Compare(string(r.ID), string(other.ID))) < 0
}

// Removed tells whether an entry is removed.
func (h Hiding) Removed(entry ID) bool { return h[entry] == "remove" }

// StandingOffers are the offers that were neither withdrawn nor removed, the
// oldest first.
func (p *Post) StandingOffers(h Hiding) []Offer {
	return keepIf(p.Offers, func(o Offer) bool { return !o.Withdrawn && !h.Removed(o.ID) })
}

// Helpers are the accepted offers that stand, however many are wanted.
func (p *Post) Helpers(h Hiding) []Offer {
	return keepIf(p.StandingOffers(h), func(o Offer) bool { return o.Accepted() })
}

// Answered tells whether somebody else than who wrote the post and who holds it
// replied or offers help.
func (p *Post) Answered(h Hiding) bool {
	holder := p.HeldBy()
	other := func(by string) bool { return by != p.CreatedBy && by != holder }
	return slices.ContainsFunc(p.Replies, func(r Reply) bool { return other(r.CreatedBy) && !h.Removed(r.ID) }) ||
		slices.ContainsFunc(p.StandingOffers(h), func(o Offer) bool { return other(o.CreatedBy) })
}

func keepIf[T any](all []T, f func(T) bool) []T {
	var kept []T
	for _, x := range all {
		if f(x) {
			kept = append(kept, x)
		}
	}
	return kept
}
