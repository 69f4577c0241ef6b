package rights

import "strings"

// # Who helps
//
// Whoever has an accepted offer on a post that stands may edit some of the post.
// The index takes that from the answers: the last one that it has accepted decides,
// whoever of those who may answer gave it. So a neighbour who took a post over can
// decline whom the volunteer had accepted; readers go by the answers of each, and
// may still show such a helper, whose edits are refused.
//
// What makes nobody a helper:
//
//   - An answer by nobody, in a document that was written without rules: there
//     anybody could have accepted themselves in the name of the holder, and what
//     was typed as practice data says nothing about who may write now. Who holds
//     the post accepts again. That it declines counts: it lets nobody in.
//   - An answer to one's own offer: a volunteer would keep a hand on the post that
//     a neighbour takes over.
//   - An offer that was withdrawn or removed once, also when it is restored: a new
//     one is made in its place. What ends a right is not undone by the side.

// helper is a member who helps with a post.
type helper struct {
	post   int32
	member string
}

// helps tells whether a member is an accepted helper of a post.
func (x *Index) helps(post int32, member string) bool { return x.helpers[helper{post, member}] > 0 }

// answer takes note of an answer to an offer.
func (x *Index) answer(offer int32, answer string, by Author) {
	e := &x.entries[offer]
	switch {
	case answer == "declined":
		x.turn(offer, e.flags&^flagAccepted)
	case answer == "accepted" && by.Member != "" && !by.owns(x.refs[e.by]):
		x.turn(offer, e.flags|flagAccepted)
	}
}

// turn gives an offer other flags, and counts who helps by them.
func (x *Index) turn(offer int32, to flags) {
	e := &x.entries[offer]
	before, after := e.flags.stands(), to.stands()
	e.flags = to
	if before == after {
		return
	}
	h := x.helperOf(e)
	if after {
		x.helpers[h]++
		return
	}
	if x.helpers[h]--; x.helpers[h] == 0 {
		delete(x.helpers, h)
	}
}

// helperOf is who helps by an offer that stands.
func (x *Index) helperOf(offer *entry) helper {
	member, _, _ := strings.Cut(x.refs[offer.by], ".") // without the visit
	return helper{offer.parent, member}
}

// stands tells whether an offer with these flags is accepted and stands.
func (f flags) stands() bool { return f&(flagAccepted|flagEnded) == flagAccepted }

// moderate takes note of what a record of moderation is about, and of the removal
// of an offer.
func (x *Index) moderate(record int32, target string, removes bool) {
	id, ok := parseID(target)
	n, known := x.find(id)
	if !ok || !known {
		return
	}
	x.targets[record] = n
	if removes { // of what is no offer this says nothing
		x.turn(n, x.entries[n].flags|flagEnded)
	}
}

// mayModerate tells whether the principal may record something about a target. A
// target that is not on the page is another's: only its own page restores it.
func (w *walk) mayModerate(target string) Reason {
	id, ok := parseID(target)
	i, known := w.lookup(id)
	if !ok || !known {
		return 0
	}
	return w.allowed(Moderate, i, false)
}

// mayRestore tells whether the principal may name something in a set of ids. A
// record that restores names others there, which say what they are about; to name
// one anywhere else says nothing to readers, and is judged alike.
func (w *walk) mayRestore(id entryID) Reason {
	i, _ := w.lookup(id)
	if target, ok := w.x.targets[i]; ok {
		return w.allowed(Moderate, target, false)
	}
	return 0
}
