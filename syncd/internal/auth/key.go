package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math/big"
)

// Algorithms of device keys, as they are written everywhere.
const (
	// Ed25519 has public keys of 32 bytes and signatures of 64.
	Ed25519 = "Ed25519"
	// ES256 is ECDSA with P-256 and SHA-256: public keys of 65 bytes (an
	// uncompressed point), signatures of 64 (r and s), as WebCrypto makes them.
	ES256 = "ES256"
)

const (
	signatureBytes = 64
	p256Bytes      = 65
	deviceIDLen    = 26
)

// Key is the public key of a device. The zero value verifies nothing. Immutable.
type Key struct {
	alg string
	raw string
	p   *ecdsa.PublicKey // of ES256
}

// ParseKey takes the raw public key of an algorithm. The error wraps
// ErrMalformed: an unknown algorithm, a wrong length, no point of the curve.
func ParseKey(alg string, raw []byte) (Key, error) {
	k := Key{alg: alg, raw: string(raw)}
	switch alg {
	case Ed25519:
		if len(raw) != ed25519.PublicKeySize {
			return Key{}, fmt.Errorf("key: %w: %d bytes, not %d", ErrMalformed, len(raw), ed25519.PublicKeySize)
		}
		if weak[k.raw] {
			return Key{}, fmt.Errorf("key: %w: anybody can sign for this key", ErrMalformed)
		}
	case ES256:
		if len(raw) != p256Bytes {
			return Key{}, fmt.Errorf("key: %w: %d bytes, not %d", ErrMalformed, len(raw), p256Bytes)
		}
		p, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
		if err != nil {
			return Key{}, fmt.Errorf("key: %w: no point of P-256", ErrMalformed)
		}
		k.p = p
	default:
		return Key{}, fmt.Errorf("key: %w: algorithm %.20q is neither %s nor %s", ErrMalformed, alg, Ed25519, ES256)
	}
	return k, nil
}

// ParseKeyText takes the raw public key in base64url without padding.
func ParseKeyText(alg, text string) (Key, error) {
	if len(text) > base64url.EncodedLen(p256Bytes) {
		return Key{}, fmt.Errorf("key: %w: too long", ErrMalformed)
	}
	raw, err := base64url.DecodeString(text)
	if err != nil {
		return Key{}, fmt.Errorf("key: %w: not base64url", ErrMalformed)
	}
	return ParseKey(alg, raw)
}

// Alg is Ed25519 or ES256.
func (k Key) Alg() string { return k.alg }

// Raw returns a copy of the bytes that ParseKey took.
func (k Key) Raw() []byte { return []byte(k.raw) }

// Text is the raw key in base64url without padding.
func (k Key) Text() string { return base64url.EncodeToString([]byte(k.raw)) }

// Device is the id of the device with this key: the first 128 bits of SHA-256
// over the algorithm's name, a zero byte and the raw key, as 26 characters of
// Crockford's base 32 in lower case.
func (k Key) Device() string {
	sum := sha256.Sum256([]byte(k.alg + "\x00" + k.raw))
	return FormatDevice([16]byte(sum[:16]))
}

// Verify tells whether the holder of the private key signed message.
func (k Key) Verify(message, signature []byte) bool {
	if len(signature) != signatureBytes {
		return false
	}
	switch k.alg {
	case Ed25519:
		return ed25519.Verify(ed25519.PublicKey(k.raw), message, signature)
	case ES256:
		hash := sha256.Sum256(message)
		r := new(big.Int).SetBytes(signature[:signatureBytes/2])
		s := new(big.Int).SetBytes(signature[signatureBytes/2:])
		return ecdsa.Verify(k.p, hash[:], r, s)
	}
	return false
}

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// FormatDevice writes the 16 bytes of a device id.
func FormatDevice(b [16]byte) string { return crockford.EncodeToString(b[:]) }

// ParseDevice accepts exactly what FormatDevice writes. The error wraps
// ErrMalformed.
func ParseDevice(s string) (b [16]byte, err error) {
	if len(s) != deviceIDLen {
		return b, fmt.Errorf("device id: %w: %d characters, not %d", ErrMalformed, len(s), deviceIDLen)
	}
	// Decode ignores line ends, so writing it again is the check.
	raw, err := crockford.DecodeString(s)
	if err != nil || len(raw) != len(b) || crockford.EncodeToString(raw) != s {
		return b, fmt.Errorf("device id: %w", ErrMalformed)
	}
	return [16]byte(raw), nil
}

// weak are the points of small order of Ed25519, in every encoding that is
// accepted: one signature is valid for them whatever the message.
var weak = func() map[string]bool {
	set := map[string]bool{}
	for _, y := range []string{
		"\x00", // order 4
		"\x01", // the neutral point
		"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05", // order 8
		"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a", // order 8
		"\xec" + ff30 + "\x7f", // order 2, which is -1
		"\xed" + ff30 + "\x7f", // 0 again
		"\xee" + ff30 + "\x7f", // 1 again
	} {
		var b [ed25519.PublicKeySize]byte
		copy(b[:], y)
		set[string(b[:])] = true
		b[31] |= 0x80
		set[string(b[:])] = true
	}
	return set
}()

const ff30 = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
