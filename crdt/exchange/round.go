package exchange

import (
	"encoding/binary"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// Round makes messages for the peers of one document while its durable changes
// stay as they are. Peers that have the same get the same bytes, encoded once, but
// where others that had something else came between them with messages of more
// than madeBytesMax. What was made last is always kept.
type Round struct {
	h         *history.History
	heads     []id.ChangeHash
	made      map[string]*update // what peers get, as far as it is kept
	madeBytes int
	last      summary
	wire      map[int][]byte // changes deflated
	wireBytes int
	snapshot  *history.Snapshot // nil if there is none

	makeSnapshot func() *history.Snapshot // of all durable changes; nil if it cannot
}

// madeBytesMax bounds the messages that are kept for further peers. After devices
// have written without a network, each lacks something else: keeping theirs would
// hold a document for each of them.
const madeBytesMax = 64 << 10

// wireBytesMax bounds the deflated changes that are kept.
const wireBytesMax = 2 * MessageBytesMax

// needMax bounds what a peer is asked for by name in one message. A few held changes can
// depend on hundreds of thousands; what more is lacked it is asked for when these have come.
const needMax = 5000

// summary is what lies beyond a part of the document. The last one is kept: peers
// that negotiate mostly do so from the same point.
type summary struct {
	all   int
	base  []id.ChangeHash
	since []int
	bloom Bloom
}

func (r *Round) summary(all int, base []id.ChangeHash) *summary {
	if r.last.base == nil || r.last.all != all || !slices.Equal(r.last.base, base) {
		since := r.h.Since(all, base)
		r.last = summary{all, base, since, r.bloom(since)}
	}
	return &r.last
}

// update is what a peer gets that has a certain part of the document and
// nothing unknown. It is shared between peers.
type update struct {
	data     Payload
	changes  bool            // there is something to send
	complete bool            // with it the peer has everything
	has      []id.ChangeHash // what the peer has with it, beyond what it had, if not complete
}

// NewRound returns a round over the durable changes of h. It is of no use once
// more changes are durable.
func NewRound(h *history.History) *Round {
	return &Round{h: h, heads: h.DurableHeads(), made: map[string]*update{}, wire: map[int][]byte{}}
}

// Heads are the durable heads. Not to be modified.
func (r *Round) Heads() []id.ChangeHash { return r.heads }

// Bytes is about what the round keeps in memory for further peers.
func (r *Round) Bytes() int64 { return int64(r.madeBytes + r.wireBytes) }

// Generate returns the message that the peer of s shall get now, or nil when
// there is nothing to say. The bytes may be shared with other peers and must not
// be modified. The caller must send them, or give up the conversation.
func (r *Round) Generate(s *State) Payload {
	if s.sent && s.inFlight && slices.Equal(s.heads, r.heads) {
		return nil
	}
	if s.lastSyncUnknown(r.h) {
		return r.reset(s)
	}
	r.renewSnapshot(s)
	unknown := slices.ContainsFunc(s.theirHeads, func(head id.ChangeHash) bool { return !r.h.Has(head) })
	if s.heard && !unknown && (len(s.theirNeed) == 0 || r.wantsSnapshot(s)) {
		return r.update(s)
	}
	return r.negotiate(s, unknown)
}

// lastSyncUnknown tells whether the peer believes that we have what we have
// not, for instance since this store was restored from a backup.
func (s *State) lastSyncUnknown(h *history.History) bool {
	return len(s.theirHave) > 0 && slices.ContainsFunc(s.theirHave[0].LastSync, func(hash id.ChangeHash) bool {
		return !h.Has(hash)
	})
}

// reset asks the peer to start over: a summary of nothing makes it send all.
func (r *Round) reset(s *State) Payload {
	if s.saidAlready(r.heads, nil) {
		return nil
	}
	m := Message{Version: V1, Heads: r.heads, Have: []Have{{}}}
	s.theirHave = nil
	s.said(r.heads, nil)
	return m.Payload()
}

// update serves a peer of which everything is known here.
func (r *Round) update(s *State) Payload {
	u := r.updateFor(s)
	if !u.changes && s.sent && slices.Equal(s.heads, r.heads) {
		return nil
	}
	if u.complete {
		s.had(r)
	} else {
		s.extra = append(s.extra, u.has...)
	}
	s.theirNeed = nil // what of it is here is in what it gets
	s.said(r.heads, nil)
	if u.changes {
		s.awaited = u.complete
	}
	return u.data
}

// had notes that the peer has everything that is durable.
func (s *State) had(r *Round) {
	s.all, s.allHeads = r.h.Durable(), r.heads
	s.extra = slices.DeleteFunc(s.extra, r.h.HasDurable)
}

func (r *Round) updateFor(s *State) *update {
	base := make([]id.ChangeHash, 0, len(s.extra))
	for _, hash := range s.extra {
		if i, ok := r.h.Index(hash); ok && i >= s.all && i < r.h.Durable() {
			base = append(base, hash)
		}
	}
	slices.SortFunc(base, id.ChangeHash.Compare)
	key := binary.AppendUvarint(nil, uint64(s.all))
	if s.readOnly {
		key = append(key, 'r')
	}
	if s.deflated {
		key = append(key, 'd')
	}
	first := r.wantsSnapshot(s)
	if first {
		key = append(key, 's')
	}
	if r.snapshot != nil && !s.takes(r.snapshot) {
		key = append(key, 'l')
	}
	for _, hash := range base {
		key = append(key, hash[:]...)
	}
	if u := r.made[string(key)]; u != nil {
		return u
	}
	var u *update
	if first {
		u = r.makeWhole(nil)
	} else {
		u = r.makeUpdate(s, base)
	}
	r.keep(string(key), u)
	return u
}

func (r *Round) keep(key string, u *update) {
	if r.madeBytes += u.data.Len(); r.madeBytes > madeBytesMax {
		clear(r.made)
		r.madeBytes = u.data.Len()
	}
	r.made[key] = u
}

func (r *Round) makeUpdate(s *State, base []id.ChangeHash) *update {
	var since []int
	if !s.readOnly {
		since = r.h.Since(s.all, base)
	}
	if r.spares(s, since) {
		return r.makeWhole(base)
	}
	m := Message{Version: V1, Heads: r.heads}
	n := r.fill(&m, since, s.deflated)
	u := &update{changes: n > 0, complete: n == len(since)}
	last := r.heads
	if !u.complete {
		last = r.advance(slices.Concat(s.allHeads, base), since[:n])
		u.has = last
	}
	m.Have = []Have{{LastSync: last}}
	u.data = m.Payload()
	return u
}

// negotiate serves a peer that has heads which are unknown here, that asks for
// changes by name, or that has not been heard.
func (r *Round) negotiate(s *State, unknown bool) Payload {
	base := r.base(s)
	beyond := r.summary(s.all, base)
	send := beyond.since
	switch {
	case !s.heard || s.readOnly:
		send = nil
	case unknown && len(s.theirHave) == 0:
		send = nil // the peer wants no more than what it needs
	case unknown:
		send = r.missingFrom(beyond.since, s.theirHave)
	}
	send = r.withNeeded(s, send)
	need := r.h.Missing(s.theirHeads, needMax)
	if len(send) == 0 && s.saidAlready(r.heads, need) {
		return nil
	}
	m := Message{Version: V1, Heads: r.heads, Need: need}
	var whole []id.ChangeHash
	if r.spares(s, send) {
		m.Version, m.Changes = V2, [][]byte{r.snapshot.Chunk}
		send, whole = r.uncovered(send), r.snapshot.Heads
	}
	n := r.fill(&m, send, s.deflated)
	if subset(need, s.theirHeads) {
		m.Have = []Have{{LastSync: base, Bloom: beyond.bloom}}
	}
	s.extra = append(s.extra, r.advance(whole, send[:n])...)
	s.theirNeed = nil
	s.said(r.heads, need)
	if len(send) > 0 || len(need) > 0 {
		s.awaited = n == len(send)
	}
	return m.Payload()
}

// base returns what the peer has, as hashes that are durable here.
func (r *Round) base(s *State) []id.ChangeHash {
	base := append(make([]id.ChangeHash, 0, len(s.allHeads)+len(s.extra)), s.allHeads...) // never nil
	base = append(base, s.extra...)
	for _, h := range s.theirHave {
		base = append(base, h.LastSync...)
	}
	base = slices.DeleteFunc(base, func(hash id.ChangeHash) bool { return !r.h.HasDurable(hash) })
	slices.SortFunc(base, id.ChangeHash.Compare)
	return slices.Compact(base)
}

// missingFrom returns those of since that are in none of the peer's filters,
// and what depends on these. Filters whose probes are together more than those of one may be
// are not asked: what is only in them is sent again.
func (r *Round) missingFrom(since []int, haves []Have) []int {
	probes := 0
	for n, h := range haves {
		if probes += h.Bloom.probes; probes > bloomProbesMax {
			haves = haves[:n]
			break
		}
	}
	missing := map[int]bool{}
	var send []int
	for _, i := range since {
		absent := !slices.ContainsFunc(haves, func(h Have) bool { return h.Bloom.contains(r.h.HashStart(i)) })
		for _, d := range r.h.Deps(i) {
			absent = absent || missing[int(d)]
		}
		if absent {
			missing[i] = true
			send = append(send, i)
		}
	}
	return send
}

// withNeeded adds the changes that the peer asks for by name, before the others, which
// are in order.
func (r *Round) withNeeded(s *State, send []int) []int {
	var needed []int
	for _, hash := range s.theirNeed {
		if i, ok := r.h.Index(hash); ok && i < r.h.Durable() {
			if _, sent := slices.BinarySearch(send, i); !sent {
				needed = append(needed, i)
			}
		}
	}
	slices.Sort(needed)
	return append(needed, send...)
}

// fill puts changes into the message, behind what is in it, until it is full and
// returns how many.
func (r *Round) fill(m *Message, send []int, deflated bool) int {
	size := 0
	for _, c := range m.Changes {
		size += len(c)
	}
	for n, i := range send {
		c := r.h.At(i).Bytes()
		if deflated {
			c = r.deflate(i)
		}
		if len(m.Changes) > 0 && size+len(c) > MessageBytesMax {
			return n
		}
		size += len(c)
		m.Changes = append(m.Changes, c)
	}
	return len(send)
}

// deflate returns a change as it is sent to most, and keeps some for the next
// peer.
func (r *Round) deflate(i int) []byte {
	if c, ok := r.wire[i]; ok {
		return c
	}
	c := chunk.Deflate(nil, r.h.At(i).Bytes())
	if r.wireBytes+len(c) <= wireBytesMax {
		r.wire[i] = c
		r.wireBytes += len(c)
	}
	return c
}

func (r *Round) bloom(changes []int) Bloom {
	b := newBloom(len(changes))
	for _, i := range changes {
		b.add(r.h.HashStart(i))
	}
	return b
}

// advance returns the heads of base and the given further changes.
func (r *Round) advance(base []id.ChangeHash, changes []int) []id.ChangeHash {
	heads := map[id.ChangeHash]struct{}{}
	for _, hash := range base {
		heads[hash] = struct{}{}
	}
	for _, i := range changes {
		c := r.h.At(i)
		for _, d := range c.Deps {
			delete(heads, d)
		}
		heads[c.Hash] = struct{}{}
	}
	out := make([]id.ChangeHash, 0, len(heads))
	for hash := range heads {
		out = append(out, hash)
	}
	slices.SortFunc(out, id.ChangeHash.Compare)
	return out
}

func (s *State) said(heads, need []id.ChangeHash) {
	s.sent, s.inFlight, s.heads, s.need = true, true, heads, need
}

// saidAlready tells whether the peer has been told the same. Saying it again to
// a peer that answers every message would never end.
func (s *State) saidAlready(heads, need []id.ChangeHash) bool {
	return s.sent && slices.Equal(s.heads, heads) && slices.Equal(s.need, need)
}

// subset tells whether all of a are in a sorted list.
func subset(a, of []id.ChangeHash) bool {
	for _, hash := range a {
		if _, ok := slices.BinarySearchFunc(of, hash, id.ChangeHash.Compare); !ok {
			return false
		}
	}
	return true
}
