// Package exchange is the sync protocol of Automerge: its messages, and the
// state of one conversation about one document. It is written for both ends, a
// server and a client. A peer that has nothing can be served from a snapshot,
// which is the caller's and is sent as it is.
//
// It starts no goroutine, reads no clock and does no I/O. Bytes are hostile
// until Decode has accepted them: every count and length is checked against a
// limit and against the bytes that are left before anything is allocated.
//
// Sources: Kleppmann and Howard, "Byzantine Eventual Consistency and the
// Fundamental Limits of Peer-to-Peer Databases", https://arxiv.org/abs/2012.00472,
// for the idea, and the behaviour of the automerge core for the details.
package exchange

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// The first byte of a message is its version.
const (
	// V1 carries one change an entry.
	V1 byte = 0x42
	// V2 carries any concatenation of chunks an entry, document chunks too.
	V2 byte = 0x43
)

// Limits bound one message. A zero field means the default.
type Limits struct {
	HeadsMax      int // hashes in heads, and in each last sync
	NeedMax       int // hashes in need
	HavesMax      int // entries of have
	ChangesMax    int // entries of changes
	BloomBytesMax int // of one filter
	FlagsBytesMax int // of the flags section
}

// DefaultLimits are what a zero field of Limits stands for. A Bloom filter of
// 2 MiB covers 1.6 million changes at the usual 10 bits each.
var DefaultLimits = Limits{
	HeadsMax:      10_000,
	NeedMax:       100_000,
	HavesMax:      16,
	ChangesMax:    1_000_000,
	BloomBytesMax: 2 << 20,
	FlagsBytesMax: 64,
}

// ErrMalformed marks bytes that are no sync message.
var ErrMalformed = errors.New("malformed sync message")

// Message is one sync message.
type Message struct {
	Version byte

	// Heads are those of the sender's document, sorted. From a server they are
	// also the promise that it has everything up to them.
	Heads []id.ChangeHash

	// Need are changes that the sender asks for by name, sorted.
	Need []id.ChangeHash

	// Have summarises what the sender has: everything up to LastSync, and what
	// is in Bloom. Empty means: send nothing but what is needed.
	Have []Have

	// Changes are chunks: one change an entry in version 1, any chunks in
	// version 2. A decoded message refers to the bytes that it was decoded from.
	Changes [][]byte

	// Flags is nil when the message has no flags section. That it has one tells
	// that its sender understands version 2.
	Flags *Flags
}

// Have is a summary of changes. See Message.
type Have struct {
	LastSync []id.ChangeHash
	Bloom    Bloom
}

// Flags is the optional last section of a message.
type Flags struct {
	Reset         bool // the receiver shall forget what it has sent
	ReadOnly      bool // the sender ignores changes
	SupportsReset bool
}

const (
	flagBitfield      = 0x80
	flagReset         = 0x01
	flagReadOnly      = 0x02
	flagSupportsReset = 0x04
)

// Decode reads a message. The changes refer to data; the rest is copied. What
// follows the flags section is ignored, as older peers ignore that section.
func Decode(data []byte, l Limits) (*Message, error) {
	l = l.withDefaults()
	r := reader{rest: data}
	m := &Message{Version: r.byte()}
	if r.err == nil && m.Version != V1 && m.Version != V2 {
		return nil, fmt.Errorf("%w: its first byte is 0x%02x", ErrMalformed, m.Version)
	}
	m.Heads = r.hashes("heads", l.HeadsMax)
	m.Need = r.hashes("need", l.NeedMax)
	m.Have = r.haves(l)
	m.Changes = r.changes(l)
	if r.err == nil && len(r.rest) > 0 {
		m.Flags = r.flags(l)
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		HeadsMax:      cmp.Or(l.HeadsMax, d.HeadsMax),
		NeedMax:       cmp.Or(l.NeedMax, d.NeedMax),
		HavesMax:      cmp.Or(l.HavesMax, d.HavesMax),
		ChangesMax:    cmp.Or(l.ChangesMax, d.ChangesMax),
		BloomBytesMax: cmp.Or(l.BloomBytesMax, d.BloomBytesMax),
		FlagsBytesMax: cmp.Or(l.FlagsBytesMax, d.FlagsBytesMax),
	}
}

// reader reads from rest until the first error, which it keeps.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
	}
}

func (r *reader) byte() byte {
	if r.err != nil || len(r.rest) == 0 {
		r.fail("it ends early")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// uint reads an unsigned LEB128 number in its shortest form.
func (r *reader) uint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is cut off or too large")
		return 0
	}
	if n > 1 && r.rest[n-1] == 0 {
		r.fail("a number is longer than it needs to be")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count reads how many items of at least itemBytes follow.
func (r *reader) count(what string, itemBytes, most int) int {
	n := r.uint()
	if r.err != nil {
		return 0
	}
	if n > uint64(most) {
		r.fail("%d %s, of which %d are allowed", n, what, most)
		return 0
	}
	if n > uint64(len(r.rest)/itemBytes) {
		r.fail("%d %s do not fit into what follows", n, what)
		return 0
	}
	return int(n)
}

func (r *reader) bytes(what string, most int) []byte {
	n := r.count("bytes of "+what, 1, most)
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) hashes(what string, most int) []id.ChangeHash {
	n := r.count(what, len(id.ChangeHash{}), most)
	if n == 0 {
		return nil
	}
	hashes := make([]id.ChangeHash, n)
	for i := range hashes {
		copy(hashes[i][:], r.rest)
		r.rest = r.rest[len(hashes[i]):]
	}
	if !slices.IsSortedFunc(hashes, id.ChangeHash.Compare) {
		slices.SortFunc(hashes, id.ChangeHash.Compare)
	}
	return slices.Compact(hashes)
}

func (r *reader) haves(l Limits) []Have {
	n := r.count("entries of have", 2, l.HavesMax)
	var haves []Have
	for range n {
		last := r.hashes("hashes of a last sync", l.HeadsMax)
		bloom, err := decodeBloom(r.bytes("a Bloom filter", l.BloomBytesMax))
		if err != nil {
			r.fail("%s", err)
		}
		if r.err != nil {
			return nil
		}
		haves = append(haves, Have{LastSync: last, Bloom: bloom})
	}
	return haves
}

func (r *reader) changes(l Limits) [][]byte {
	n := r.count("changes", 1, l.ChangesMax)
	if n == 0 {
		return nil
	}
	changes := make([][]byte, 0, min(n, 1024))
	for range n {
		c := r.bytes("a change", len(r.rest))
		if r.err != nil {
			return nil
		}
		changes = append(changes, c)
	}
	return changes
}

func (r *reader) flags(l Limits) *Flags {
	f := &Flags{}
	for _, b := range r.bytes("flags", l.FlagsBytesMax) {
		if b&flagBitfield == 0 {
			continue // a flag of the older form: the presence of the section says as much
		}
		f.Reset = f.Reset || b&flagReset != 0
		f.ReadOnly = f.ReadOnly || b&flagReadOnly != 0
		f.SupportsReset = f.SupportsReset || b&flagSupportsReset != 0
	}
	return f
}

// Offered is what became of the changes of a message.
type Offered struct {
	Accepted int   // changes, with orphans that they completed
	Full     int   // changes that a limit of the document refused
	Heads    int   // of those, the ones for which there may be room later: see history.ErrHeads
	vain     int64 // work on changes that were known, held or refused
}

// vainMax bounds the work that the changes of one message cause without adding to the
// document, beyond reading all that it has once more: a deflated one is a thousandth of what it
// inflates to, and one with a hundred thousand operations takes 75 bytes. What adds to the
// document is bounded by the limits of that. It counts the bytes of the changes, inflated,
// and vainOpWork for each operation that is looked at, which takes as long.
const (
	vainMax    = 64 << 20
	vainOpWork = 64
)

// offeredLimits are those of files, but for whole documents: clients send those
// only to peers that have shown a flags section, and reading one takes memory.
var offeredLimits = func() chunk.Limits {
	l := chunk.DefaultLimits
	l.DocumentOpsMax = 100_000
	return l
}()

// Offer adds the changes of the message to a history, for the one who brought
// them (see history.AddFrom), up to the first that is malformed, invalid or not
// admitted by the guard: that one is the error, and no honest peer sends it. A
// change that a limit of the document refuses is nobody's fault, and passed over.
// A message with too much that adds nothing to the document is malformed; see vainMax.
// One whose changes take too long to check ends with history.ErrBusy, and is for the sender to
// bring again. The history keeps no part of the message.
func (m *Message) Offer(h *history.History, from any) (Offered, error) {
	h.BeginTurn()
	defer h.EndTurn()
	var o Offered
	l := offeredLimits
	for _, entry := range m.Changes {
		for raw, err := range chunk.Split(entry, l) {
			if err == nil {
				err = o.offer(h, from, raw, l)
			}
			if err != nil {
				return o, err
			}
		}
	}
	return o, nil
}

func (o *Offered) offer(h *history.History, from any, raw chunk.Raw, l chunk.Limits) error {
	if raw.Type == chunk.TypeDocument {
		changes, err := chunk.ParseDocument(raw.Bytes, l)
		for _, c := range changes {
			if err == nil {
				err = o.add(h, from, c, len(c.Bytes())+vainOpWork*c.OpCount)
			}
		}
		return err
	}
	data := raw.Bytes
	if raw.Type == chunk.TypeChange {
		data = bytes.Clone(data) // it may be a small part of the message, and be kept for long
	}
	c, err := chunk.ParseNewChange(data, l, h.Seen)
	if err != nil {
		return err
	}
	work := len(c.Bytes())
	if !h.Seen(c.Hash) {
		work += vainOpWork * c.OpCount
	}
	return o.add(h, from, c, work)
}

// add offers a change that it took so much work to read.
func (o *Offered) add(h *history.History, from any, c *chunk.Change, work int) error {
	added, err := h.AddFrom(c, from)
	switch {
	case errors.Is(err, history.ErrFull):
		o.Full++
		if errors.Is(err, history.ErrHeads) {
			o.Heads++
		}
	case err != nil:
		return err
	}
	o.Accepted += len(added)
	if len(added) > 0 {
		return nil
	}
	if o.vain += int64(work); o.vain > vainMax+h.Bytes() {
		return fmt.Errorf("%w: its changes are many times larger than what they add to the document", ErrMalformed)
	}
	return nil
}

// Append encodes the message behind dst.
func (m *Message) Append(dst []byte) []byte {
	dst = m.appendHead(slices.Grow(dst, m.size()))
	dst = binary.AppendUvarint(dst, uint64(len(m.Changes)))
	for _, c := range m.Changes {
		dst = binary.AppendUvarint(dst, uint64(len(c)))
		dst = append(dst, c...)
	}
	if m.Flags != nil {
		dst = m.Flags.append(dst)
	}
	return dst
}

// appendHead appends what stands before the changes.
func (m *Message) appendHead(dst []byte) []byte {
	dst = append(dst, m.Version)
	dst = appendHashes(dst, m.Heads)
	dst = appendHashes(dst, m.Need)
	dst = binary.AppendUvarint(dst, uint64(len(m.Have)))
	for _, h := range m.Have {
		dst = appendHashes(dst, h.LastSync)
		dst = h.Bloom.append(dst)
	}
	return dst
}

// Payload is a message as it is sent, in parts that follow one another. Nil is none.
// Parts may be shared with other messages, and nobody modifies them.
type Payload [][]byte

// partsBytesMin is from which size on a message is made in parts: then the changes in
// it are not copied, and those that many peers lack are in memory once, however
// different their messages are.
const partsBytesMin = 4 << 10

// Payload encodes the message. It may refer to the changes.
func (m *Message) Payload() Payload {
	size := m.size()
	if size < partsBytesMin {
		return Payload{m.Append(make([]byte, 0, size))}
	}
	rest := *m
	rest.Changes, rest.Flags = nil, nil
	own := make([]byte, 0, rest.size()+(1+len(m.Changes))*binary.MaxVarintLen32+flagsBytes)
	own = rest.appendHead(own)
	own = binary.AppendUvarint(own, uint64(len(m.Changes)))
	parts, begin := make(Payload, 0, 2*len(m.Changes)+1), 0
	for _, c := range m.Changes {
		own = binary.AppendUvarint(own, uint64(len(c)))
		parts = append(parts, own[begin:len(own):len(own)], c)
		begin = len(own)
	}
	if m.Flags != nil {
		own = m.Flags.append(own)
	}
	if begin < len(own) {
		parts = append(parts, own[begin:])
	}
	return parts
}

// Len is how many bytes the message has.
func (p Payload) Len() (n int) {
	for _, part := range p {
		n += len(part)
	}
	return n
}

// Bytes returns the message in one piece, not to be modified.
func (p Payload) Bytes() []byte {
	if len(p) == 1 {
		return p[0]
	}
	return slices.Concat(p...)
}

// size is how many bytes Append appends.
func (m *Message) size() int {
	n := 1 + hashesSize(m.Heads) + hashesSize(m.Need) + uvarintSize(len(m.Have)) + uvarintSize(len(m.Changes))
	for _, h := range m.Have {
		n += hashesSize(h.LastSync) + h.Bloom.encodedSize()
	}
	for _, c := range m.Changes {
		n += uvarintSize(len(c)) + len(c)
	}
	if m.Flags != nil {
		n += flagsBytes
	}
	return n
}

func hashesSize(hashes []id.ChangeHash) int {
	return uvarintSize(len(hashes)) + len(hashes)*len(id.ChangeHash{})
}

// uvarintSize is how many bytes a number takes.
func uvarintSize(n int) int { return (bits.Len64(uint64(n)|1) + 6) / 7 }

// flagsBytes is how long the section of flags is that is written here.
const flagsBytes = 3

func (f *Flags) append(dst []byte) []byte {
	bits := byte(flagBitfield)
	if f.Reset {
		bits |= flagReset
	}
	if f.ReadOnly {
		bits |= flagReadOnly
	}
	if f.SupportsReset {
		bits |= flagSupportsReset
	}
	return append(dst, 2, 0x02, bits)
}

func appendHashes(dst []byte, hashes []id.ChangeHash) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(hashes)))
	for _, h := range hashes {
		dst = append(dst, h[:]...)
	}
	return dst
}
