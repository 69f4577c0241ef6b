// Package id holds the identifiers that travel between peers: documents,
// peers, storages, actors and changes.
//
// Every identifier is a type of its own, so that none is passed for another.
// Parsing never panics and never allocates more than its limit allows; what a
// parser accepts, the identifier's String gives back. The package imports
// nothing of ours and holds no state.
package id

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of identifiers, in bytes. Longer ones are refused with ErrTooLong.
const (
	PeerBytesMax    = 256
	StorageBytesMax = 256
	ActorBytesMax   = 128
)

// ErrTooLong is returned by a parser for an identifier over its limit.
var ErrTooLong = errors.New("identifier is too long")

// ErrEmpty is returned by a parser for an identifier without any byte.
var ErrEmpty = errors.New("identifier is empty")

// URLPrefix stands before a document id in a document URL.
const URLPrefix = "automerge:"

// Document identifies a document: 16 bytes, written in base58check.
type Document [16]byte

// NewDocument returns a random document id.
func NewDocument() Document {
	var d Document
	rand.Read(d[:]) // never fails: crypto/rand aborts the program first
	return d
}

// ParseDocument reads the base58check form of a document id, as it stands in
// frames. It accepts no URL; see ParseDocumentURL.
func ParseDocument(s string) (Document, error) {
	var d Document
	if err := decodeCheck(d[:], s); err != nil {
		return d, fmt.Errorf("document id %q: %w", shorten(s), err)
	}
	return d, nil
}

// ParseDocumentURL reads "automerge:" followed by a document id. A fragment
// ("#" and the heads of a fixed view) after it is refused.
func ParseDocumentURL(s string) (Document, error) {
	rest, ok := strings.CutPrefix(s, URLPrefix)
	if !ok {
		return Document{}, fmt.Errorf("document URL %q: does not start with %q", shorten(s), URLPrefix)
	}
	return ParseDocument(rest)
}

// DocumentFromBytes reads the 16 raw bytes of a document id.
func DocumentFromBytes(b []byte) (Document, error) {
	var d Document
	if len(b) != len(d) {
		return d, fmt.Errorf("document id: has %d bytes, want %d", len(b), len(d))
	}
	copy(d[:], b)
	return d, nil
}

// String returns the base58check form.
func (d Document) String() string { return string(d.Append(nil)) }

// Append appends the base58check form to dst, at most 28 bytes.
func (d Document) Append(dst []byte) []byte { return appendCheck(dst, d[:]) }

// URL returns the document URL, "automerge:" and the base58check form.
func (d Document) URL() string { return URLPrefix + d.String() }

// Peer names one running process of a peer. The peer chooses it, so it proves
// nothing about who that is.
type Peer string

// ParsePeer accepts 1 to PeerBytesMax bytes of UTF-8.
func ParsePeer(s string) (Peer, error) {
	if err := checkText(s, PeerBytesMax); err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	return Peer(s), nil
}

// Storage names a store that several peers may share (the tabs of a browser).
// Its owner chooses it, so it is never an identity.
type Storage string

// ParseStorage accepts 1 to StorageBytesMax bytes of UTF-8.
func ParseStorage(s string) (Storage, error) {
	if err := checkText(s, StorageBytesMax); err != nil {
		return "", fmt.Errorf("storage id: %w", err)
	}
	return Storage(s), nil
}

// NewStorage returns a random storage id in the form of a version 4 UUID.
func NewStorage() Storage {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return Storage(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// Actor is the author of a series of changes: 1 to ActorBytesMax raw bytes,
// held in a string so that actors compare and order as the format orders them
// (bytewise). Actors are chosen by clients and prove nothing.
type Actor string

// ActorFromBytes copies the raw bytes of an actor id.
func ActorFromBytes(b []byte) (Actor, error) {
	if len(b) == 0 {
		return "", fmt.Errorf("actor id: %w", ErrEmpty)
	}
	if len(b) > ActorBytesMax {
		return "", fmt.Errorf("actor id of %d bytes: %w", len(b), ErrTooLong)
	}
	return Actor(b), nil
}

// ParseActor reads the hexadecimal form.
func ParseActor(s string) (Actor, error) {
	if len(s) > 2*ActorBytesMax {
		return "", fmt.Errorf("actor id: %w", ErrTooLong)
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return "", fmt.Errorf("actor id %q: %w", shorten(s), err)
	}
	return ActorFromBytes(b)
}

// String returns the hexadecimal form.
func (a Actor) String() string { return hex.EncodeToString([]byte(a)) }

// ChangeHash identifies a change: the SHA-256 of its chunk.
type ChangeHash [32]byte

// HashStart is the beginning of a change hash: as much as a Bloom filter of the sync protocol looks at.
type HashStart [12]byte

// Start returns the beginning.
func (h ChangeHash) Start() HashStart { return HashStart(h[:]) }

// ParseChangeHash reads 64 hexadecimal digits.
func ParseChangeHash(s string) (ChangeHash, error) {
	var h ChangeHash
	if len(s) != 2*len(h) {
		return h, fmt.Errorf("change hash %q: has %d characters, want %d", shorten(s), len(s), 2*len(h))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return h, fmt.Errorf("change hash %q: %w", shorten(s), err)
	}
	return h, nil
}

// ParseHead reads the base58check form in which heads are gossiped.
func ParseHead(s string) (ChangeHash, error) {
	var h ChangeHash
	if err := decodeCheck(h[:], s); err != nil {
		return h, fmt.Errorf("head %q: %w", shorten(s), err)
	}
	return h, nil
}

// String returns the hexadecimal form.
func (h ChangeHash) String() string { return hex.EncodeToString(h[:]) }

// Head returns the base58check form in which heads are gossiped.
func (h ChangeHash) Head() string { return string(h.AppendHead(nil)) }

// AppendHead appends the base58check form to dst, at most 50 bytes.
func (h ChangeHash) AppendHead(dst []byte) []byte { return appendCheck(dst, h[:]) }

// Compare orders hashes bytewise, as sync messages and changes list them.
func (h ChangeHash) Compare(o ChangeHash) int { return bytes.Compare(h[:], o[:]) }

func checkText(s string, bytesMax int) error {
	switch {
	case s == "":
		return ErrEmpty
	case len(s) > bytesMax:
		return fmt.Errorf("%d bytes: %w", len(s), ErrTooLong)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	}
	return nil
}

// shorten keeps a hostile string from filling an error message.
func shorten(s string) string {
	const keep = 64
	if len(s) <= keep {
		return s
	}
	return strings.ToValidUTF8(s[:keep], "") + "…"
}
