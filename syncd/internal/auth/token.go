package auth

import (
	"crypto/rand"
	"fmt"
	"time"
)

// Kind says what a token is for. A token of one kind is none of another.
type Kind byte

// The numbers are part of every token and never change.
const (
	Session Kind = 1 // in a cookie
	Ticket  Kind = 2 // in a websocket's subprotocol; single use
	URL     Kind = 3 // in the address of a websocket, for clients that cannot do otherwise
	Bearer  Kind = 4 // in the header Authorization, for programs
)

// TTL is how long tokens of a kind are valid; 0 for what is no kind.
func (k Kind) TTL() time.Duration {
	switch k {
	case Session:
		return 30 * 24 * time.Hour
	case Ticket:
		return time.Minute
	case URL:
		return 12 * time.Hour
	case Bearer:
		return 24 * time.Hour
	}
	return 0
}

const (
	tokenPurpose = "tavle/token/v1"
	tokenRandom  = 8
	tokenBytes   = 1 + 16 + 8 + 8 + tokenRandom

	// ticketShare is how many used tickets of a device are remembered: a program
	// whose connection comes and goes may need one every few seconds.
	ticketShare = 4 * deviceShare
)

// Token says which device it was given to, and nothing else.
type Token struct {
	Kind            Kind
	Device          string
	Issued, Expires time.Time
	serial          string
}

// HalfOver tells whether it is time for a new one.
func (t Token) HalfOver(now time.Time) bool {
	return now.Sub(t.Issued) > t.Expires.Sub(t.Issued)/2
}

// Minter makes and reads tokens. It is safe for concurrent use.
type Minter struct {
	secret Secret
	spent  *Once
}

// NewMinter returns a Minter. Tokens of another Minter with the same secret are
// valid, except that each remembers for itself which tickets were used.
func NewMinter(secret Secret) *Minter {
	return &Minter{secret: secret, spent: NewOnce(rememberedMax)}
}

// Mint makes a token for a device. The error is about the device id.
func (m *Minter) Mint(kind Kind, device string, now time.Time) (string, Token, error) {
	id, err := ParseDevice(device)
	if err != nil {
		return "", Token{}, err
	}
	if kind.TTL() == 0 {
		return "", Token{}, fmt.Errorf("token: %w: kind %d", ErrMalformed, kind)
	}
	now = now.Truncate(time.Millisecond)
	t := Token{Kind: kind, Device: device, Issued: now, Expires: now.Add(kind.TTL())}
	var serial [tokenRandom]byte
	rand.Read(serial[:]) // never fails
	b := append([]byte{byte(kind)}, id[:]...)
	b = appendTime(appendTime(b, t.Issued), t.Expires)
	return m.secret.seal(tokenPurpose, append(b, serial[:]...)), t, nil
}

// Read returns what a token of this kind says, or why it is none: ErrMalformed,
// ErrForged, ErrExpired, and for the second use of a Ticket ErrSpent; ErrTooOften
// and ErrBusy for one that could not be remembered.
func (m *Minter) Read(kind Kind, text string, now time.Time) (Token, error) {
	b, err := m.secret.unseal(tokenPurpose, text, tokenBytes)
	if err != nil {
		return Token{}, fmt.Errorf("token: %w", err)
	}
	t := Token{
		Kind: Kind(b[0]), Device: FormatDevice([16]byte(b[1:17])),
		Issued: timeOf(b[17:25]), Expires: timeOf(b[25:33]), serial: string(b[33:]),
	}
	if t.Kind != kind {
		return Token{}, fmt.Errorf("token: %w: of another kind", ErrMalformed)
	}
	if !now.Before(t.Expires) || t.Issued.After(now.Add(clockSlack)) {
		return Token{}, fmt.Errorf("token: %w", ErrExpired)
	}
	if kind == Ticket {
		if err := m.spent.Spend(t.serial+t.Device, t.Expires, now, Share{t.Device, ticketShare}); err != nil {
			return Token{}, fmt.Errorf("token: %w", err)
		}
	}
	return t, nil
}
