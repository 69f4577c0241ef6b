package board

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// A post that somebody wrote for a neighbour is handed over by a secret that is
// on the neighbour's slip and nowhere else: the page has its hash, until the
// neighbour's own device claims the post with it. See "Hand-over" in SCHEMA.md.

const (
	secretBytes = 10
	secretLen   = 16
)

// NewSecret makes the secret of a hand-over of 10 bytes from random. Errors are
// those of random.
func NewSecret(random io.Reader) (string, error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return SecretFromBytes(b), nil
}

// SecretFromBytes writes 10 bytes as a secret: 16 characters.
func SecretFromBytes(b [secretBytes]byte) string {
	var long [idBytes]byte
	copy(long[:], b[:])
	return string(IDFromBytes(long)[:secretLen])
}

// ParseSecret reads a secret as people write it: in capitals, with blanks and
// hyphens, with the letters that look like digits. The error wraps ErrMalformed.
func ParseSecret(s string) (string, error) {
	if len(s) > 4*secretLen {
		return "", fmt.Errorf("%w: a secret has %d characters", ErrMalformed, secretLen)
	}
	secret := plainCode(s)
	if len(secret) != secretLen || strings.Trim(secret, crockBig) != "" {
		return "", fmt.Errorf("%w: what was entered is no secret of a hand-over", ErrMalformed)
	}
	return secret, nil
}

// SecretHash is what the page has of a secret: SHA-256 over its characters, in
// lower-case hexadecimal.
func SecretHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// HeldBy is the member or device to which the post belongs: who claimed it first
// with the secret of a hand-over by its author, and otherwise its author.
func (p *Post) HeldBy() string {
	if c, ok := p.claim(); ok {
		return c.By
	}
	return p.CreatedBy
}

// claim returns the earliest claim that counts.
func (p *Post) claim() (first Claim, found bool) {
	for _, h := range p.Handovers { // the earliest first, as are claims
		if h.By != p.CreatedBy {
			continue
		}
		for _, c := range h.Claims {
			if c.By != "" && (!found || c.Made.Compare(first.Made) < 0) && c.fits(h) {
				first, found = c, true
			}
		}
	}
	return first, found
}

// fits tells whether the secret is that of the hand-over. What is not of a
// secret's form is none.
func (c Claim) fits(h Handover) bool {
	return checkSecret(c.Secret) == nil && SecretHash(c.Secret) == h.SecretHash
}

func (e entry) handovers(p *Post) {
	e.entryAt("handovers").children(func(key string, e entry) {
		h := Handover{ID: ID(key), Made: e.made(), SecretHash: e.string("secretHash"), By: e.string("by"), CreatedAt: e.time("createdAt")}
		e.entryAt("claims").children(func(key string, e entry) {
			h.Claims = append(h.Claims, Claim{ID(key), e.made(), e.string("secret"), e.string("by"), e.time("createdAt")})
		})
		slices.SortFunc(h.Claims, func(a, b Claim) int { return a.Made.Compare(b.Made) })
		p.Handovers = append(p.Handovers, h)
	})
	slices.SortFunc(p.Handovers, func(a, b Handover) int { return a.Made.Compare(b.Made) })
}

// NewHandover offers a post to its neighbour. All fields have to be there; By is
// the author of the post.
type NewHandover struct {
	ID     ID
	Secret string // as NewSecret or ParseSecret returns it; the page gets its hash
	By     string
}

// HandOver makes a hand-over of a post, which its author still holds. The error
// wraps ErrHeld if somebody else does.
func (w *Writer) HandOver(now int64, post ID, h NewHandover) (*chunk.Change, error) {
	if err := checks(valid(h.ID), required("by", h.By, LineMax), checkSecret(h.Secret)); err != nil {
		return nil, fmt.Errorf("hand a post over: %w", err)
	}
	return w.post(now, "hand a post over", post, func(e *edit, p entry) error {
		before := p.post("")
		if before.CreatedBy != h.By || before.HeldBy() != h.By {
			return fmt.Errorf("%w: post %s", ErrHeld, post)
		}
		if record, ok := e.newEntry(p, "handovers", h.ID); ok {
			e.fields(record, stringField("secretHash", SecretHash(h.Secret)), stringField("by", h.By), timeField("createdAt", e.time()))
			e.object(record, "claims", chunk.ActionMakeMap)
		}
		return nil
	})
}

// NewClaim takes a post over. All fields have to be there.
type NewClaim struct {
	ID         ID
	Secret, By string
}

// Claim takes a post over with the secret of one of its hand-overs. The error
// wraps ErrUnknown if the secret is of none, and ErrHeld if somebody else was
// first.
func (w *Writer) Claim(now int64, post ID, c NewClaim) (*chunk.Change, error) {
	if err := checks(valid(c.ID), required("by", c.By, LineMax), checkSecret(c.Secret)); err != nil {
		return nil, fmt.Errorf("claim a post: %w", err)
	}
	return w.post(now, "claim a post", post, func(e *edit, p entry) error {
		before := p.post("")
		at := slices.IndexFunc(before.Handovers, func(h Handover) bool {
			return h.By == before.CreatedBy && h.SecretHash == SecretHash(c.Secret)
		})
		if at < 0 {
			return fmt.Errorf("%w: a hand-over of post %s with this secret", ErrUnknown, post)
		}
		if first, ok := before.claim(); ok {
			if first.By != c.By {
				return fmt.Errorf("%w: post %s", ErrHeld, post)
			}
			return nil
		}
		handover := p.entryAt("handovers").entryAt(string(before.Handovers[at].ID))
		if record, ok := e.newEntry(handover, "claims", c.ID); ok {
			e.fields(record, stringField("secret", c.Secret), stringField("by", c.By), timeField("createdAt", e.time()))
		}
		return nil
	})
}

func checkSecret(s string) error {
	if got, err := ParseSecret(s); err != nil || got != s {
		return fmt.Errorf("%w: the secret is not as NewSecret writes it", ErrMalformed)
	}
	return nil
}
