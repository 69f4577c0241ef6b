package board

import (
	"math"
	"slices"
)

// Numbers are what a board counts of the posts of a period; never of a person.
type Numbers struct {
	Posts     int            `json:"posts"` // without removed ones, as everywhere here
	Answered  int            `json:"answered"`
	Matched   int            `json:"matched"`           // with an accepted helper, or closed because one was found
	FirstTime int            `json:"firstTime"`         // the first of their author, among the posts at hand
	Kiosk     int            `json:"kiosk"`             // written at a kiosk: nobody knows by whom
	Proxy     int            `json:"proxy"`             // for a neighbour who is not online
	ByProxy   map[string]int `json:"byProxy,omitempty"` // the same by who asked: see proxyKinds
}

// Numbers counts the posts of the kinds (all, if none are given) that were created
// from the moment from on and before to. What came of them counts whenever it
// came.
//
// A device that several people use says nothing about who writes: posts of
// kiosks, of desks and for neighbours are nobody's first.
func (v *View) Numbers(from, to int64, kinds ...string) Numbers {
	first := v.firstPosts()
	var n Numbers
	for _, p := range v.List(Filter{Kinds: kinds}) {
		if p.CreatedAt.Millis < from || p.CreatedAt.Millis >= to {
			continue
		}
		n.Posts++
		n.Answered += one(p.Answered(v.hiding))
		n.Matched += one(p.Matched(v.hiding))
		n.FirstTime += one(first[p.CreatedBy] == p.ID)
		n.Kiosk += one(p.Origin == "kiosk" && p.Proxy == nil)
		if p.Proxy == nil {
			continue
		}
		if n.Proxy++; n.ByProxy == nil {
			n.ByProxy = map[string]int{}
		}
		n.ByProxy[p.Proxy.Kind]++
	}
	return n
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// firstPosts are, of each author with a device of their own, the first post: the
// last in the order of lists.
func (v *View) firstPosts() map[string]ID {
	first := map[string]ID{}
	for _, p := range v.posts {
		if p.Proxy == nil && p.CreatedBy != "" && p.Origin != "kiosk" && p.Origin != "desk" && !v.hiding.Removed(p.ID) {
			first[p.CreatedBy] = p.ID
		}
	}
	return first
}

// Matched tells whether somebody was found: an accepted helper, or as the outcome
// says, here or elsewhere.
func (p *Post) Matched(h Hiding) bool {
	return len(p.Helpers(h)) > 0 || slices.Contains([]string{"foundHere", "foundElsewhere"}, p.Outcome())
}

// Percent is a share in percent, with one decimal. Of nothing there is no share.
func Percent(part, all int) (percent float64, ok bool) {
	if all <= 0 {
		return 0, false
	}
	return math.Round(float64(part)*1000/float64(all)) / 10, true
}

// Band says where a number lies against a target from low to high, both in it:
// "below", "inside" or "above".
func Band(number, low, high float64) string {
	switch {
	case number < low:
		return "below"
	case number > high:
		return "above"
	}
	return "inside"
}
