package main

import "slices"

// A document is what one client holds, and what it knows of the server's copy. It says and answers what a stock client does, but
// stays silent when it has nothing new to tell or to ask, which is kinder to servers. Of the changes it keeps no more than hashes, besides
// its own that the server may lack. One goroutine calls its methods.
type document struct {
	declared bool // document chunks and deflated changes are understood
	known    map[hash][]hash
	heads    []hash   // of what is held
	shared   []hash   // heads that the server has as well
	told     []hash   // the heads told last
	own      []post   // written here, and not seen among what the server has
	unsent   int      // of own, the last ones
	held     []change // that build on changes which are not there
	whole    bool     // the history before the heads came as one chunk, and is not known

	table map[hash][]hash // dependencies of every change that anybody may write: they tell what a document chunk holds. nil: nothing does
}

func newDocument(declared bool) *document {
	return &document{declared: declared, known: map[hash][]hash{}}
}

// add takes in a post that was written here.
func (d *document) add(p post) {
	d.take(change{hash: p.hash, deps: p.deps})
	d.own = append(d.own, p)
	d.unsent++
}

// take takes in a change, or keeps it until all that it builds on is there.
func (d *document) take(c change) {
	if c.whole && d.table != nil {
		d.takeAll(c.hash)
		return
	}
	d.held = append(d.held, c)
	for again := true; again; {
		again = false
		d.held = slices.DeleteFunc(d.held, func(c change) bool {
			ready := !slices.ContainsFunc(c.deps, d.lacks) || d.whole
			if ready && d.lacks(c.hash) {
				d.apply(c)
				again = len(d.held) > 1
			}
			return ready
		})
	}
}

// takeAll takes in what a document chunk with this head consists of: the change and all that it builds on. One that nobody may write stays
// missing.
func (d *document) takeAll(head hash) {
	deps, there := d.table[head]
	if !there || d.holds(head) {
		return
	}
	for _, h := range deps {
		d.takeAll(h)
	}
	d.take(change{hash: head, deps: deps})
}

func (d *document) apply(c change) {
	d.known[c.hash] = c.deps
	d.whole = d.whole || c.whole
	old := func(h hash) bool { return c.whole || slices.Contains(c.deps, h) }
	if slices.ContainsFunc(d.heads, old) {
		d.heads = slices.DeleteFunc(slices.Clone(d.heads), old)
	}
	d.heads = append(slices.Clip(d.heads), c.hash)
}

// needs are the changes that are known of and not there: of those told as heads, and of those that held ones build on.
func (d *document) needs(told []hash) []hash {
	need := slices.DeleteFunc(slices.Clone(told), d.holds)
	for _, c := range d.held {
		need = slices.DeleteFunc(need, func(h hash) bool { return h == c.hash })
		for _, h := range c.deps {
			if d.lacks(h) && !slices.Contains(need, h) && !slices.ContainsFunc(d.held, func(c change) bool { return c.hash == h }) {
				need = append(need, h)
			}
		}
	}
	return need
}

// hello is the first message on a connection. What the server said on an earlier one counts no more.
func (d *document) hello() []byte {
	d.told, d.unsent = d.heads, len(d.own)
	return message{heads: d.heads, last: d.shared, since: d.own, declared: d.declared}.encode()
}

// news is a message with the posts that were not sent yet, to a server that has all before them.
func (d *document) news() []byte {
	d.told = d.heads
	added := d.own[len(d.own)-d.unsent:]
	d.unsent = 0
	return message{heads: d.heads, last: d.shared, since: d.own, changes: added, declared: d.declared}.encode()
}

// answer takes in a message and returns the reply, nil if there is nothing to say.
func (d *document) answer(m received) []byte {
	before := d.heads
	for _, c := range m.changes {
		d.take(c)
	}
	d.share(before, m.heads)
	need := d.needs(m.heads)
	send := d.lacking(m)
	if len(send) == 0 && len(need) == 0 && sameHashes(d.heads, d.told) {
		return nil
	}
	d.told = d.heads
	return message{heads: d.heads, need: need, last: d.shared, since: d.own, changes: send, declared: d.declared}.encode()
}

func (d *document) holds(h hash) bool { _, ok := d.known[h]; return ok }
func (d *document) lacks(h hash) bool { return !d.holds(h) }

// share works out what both have, after a message with these heads, whose changes are taken in.
func (d *document) share(before, theirs []hash) {
	if !slices.ContainsFunc(theirs, func(h hash) bool { return !d.holds(h) }) {
		d.shared = theirs
	} else {
		fresh := slices.DeleteFunc(slices.Clone(d.heads), func(h hash) bool { return slices.Contains(before, h) })
		still := slices.DeleteFunc(slices.Clone(d.shared), func(h hash) bool { return !slices.Contains(d.heads, h) })
		d.shared = append(still, fresh...)
	}
	if len(d.own) > 0 {
		d.confirm()
	}
}

// confirm forgets the own posts that the shared heads contain.
func (d *document) confirm() {
	seen := map[hash]bool{}
	for queue := slices.Clone(d.shared); len(queue) > 0; {
		h := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !seen[h] {
			seen[h] = true
			queue = append(queue, d.known[h]...)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(d.own), func(p post) bool { return seen[p.hash] })
	d.unsent = min(d.unsent, len(kept)) // each builds on the one before
	d.own = kept
}

// lacking are the own posts that the server asks for, or that were not sent and that its filters do not hold, with all that follow those.
func (d *document) lacking(m received) []post {
	var send []post
	for i, p := range d.own {
		fresh := i >= len(d.own)-d.unsent && len(m.have) > 0 &&
			(len(send) > 0 || !slices.ContainsFunc(m.have, func(h have) bool { return h.since.contains(p.hash) }))
		if fresh || slices.Contains(m.need, p.hash) {
			send = append(send, p)
		}
	}
	if len(m.have) > 0 && len(send) > 0 {
		d.unsent = 0
	}
	return send
}

func sameHashes(a, b []hash) bool {
	if len(a) != len(b) {
		return false
	}
	for _, h := range a {
		if !slices.Contains(b, h) {
			return false
		}
	}
	return true
}
