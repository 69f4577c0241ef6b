// Package auth proves which device is speaking: keys and signatures,
// challenges, tokens, and the counting of failures.
//
// It keeps no list of devices. A key proves that somebody holds it and a token
// that this server once gave it to a device; whether the device still belongs,
// and what it may do, is looked up at each use by whoever asks. The package
// reads no clock: the time is an argument. Parsers take hostile bytes; each
// bounds its input first. Secrets and signatures are compared in constant time.
//
// Times are kept in milliseconds since 1970 and so lose what is finer.
package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

var (
	// ErrMalformed is wrapped for what is no key, id, challenge or token at all.
	ErrMalformed = errors.New("malformed")

	// ErrForged is returned for a challenge or token that another secret made,
	// and for a signature that another key made.
	ErrForged = errors.New("not made with the key it claims")

	// ErrExpired is returned for what was valid once, and for what claims to be
	// made in the future, since then the clock was wrong.
	ErrExpired = errors.New("expired")

	// ErrSpent is returned for what may be used once and was.
	ErrSpent = errors.New("used already")

	// ErrBusy is returned when more single-use values are remembered than the
	// limit allows; it passes within a minute or two.
	ErrBusy = errors.New("too many at once")

	// ErrTooOften is the same for one device or one address, which has used up
	// its share.
	ErrTooOften = errors.New("too often")
)

// SecretBytes is the length of a server's secret.
const SecretBytes = 32

// clockSlack is how far the clock may have been set back since something was
// made, without that being taken for a forgery of time.
const clockSlack = 5 * time.Minute

const macBytes = 16

// Secret is what the server makes its challenges and tokens with. Whoever has
// it can speak for every device; it is kept in the store and never printed.
type Secret [SecretBytes]byte

// mac binds b to a purpose, so that a challenge is never taken for a token.
func (s *Secret) mac(purpose string, b []byte) []byte {
	h := hmac.New(sha256.New, s[:])
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(b)
	return h.Sum(nil)[:macBytes]
}

// String hides the secret from logs.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

var base64url = base64.RawURLEncoding.Strict()

// seal writes b and its mac as text.
func (s *Secret) seal(purpose string, b []byte) string {
	return base64url.EncodeToString(append(b, s.mac(purpose, b)...))
}

// unseal returns the size bytes that seal was given, or why it was not.
func (s *Secret) unseal(purpose, text string, size int) ([]byte, error) {
	if len(text) != base64url.EncodedLen(size+macBytes) {
		return nil, ErrMalformed
	}
	b, err := base64url.DecodeString(text)
	if err != nil || len(b) != size+macBytes {
		return nil, ErrMalformed
	}
	if !hmac.Equal(b[size:], s.mac(purpose, b[:size])) {
		return nil, ErrForged
	}
	return b[:size], nil
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMilli()))
}

func timeOf(b []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
}
