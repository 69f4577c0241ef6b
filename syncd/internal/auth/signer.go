package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// Signer holds a private key, for devices that are Go programs. Immutable.
type Signer struct {
	key Key
	ed  ed25519.PrivateKey
	ec  *ecdsa.PrivateKey
}

// NewSigner makes a key of an algorithm. The error is about the algorithm.
func NewSigner(alg string) (*Signer, error) {
	switch alg {
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		key, err := ParseKey(alg, private.Public().(ed25519.PublicKey))
		return &Signer{key: key, ed: private}, err
	case ES256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		raw, err := private.PublicKey.Bytes()
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		key, err := ParseKey(alg, raw)
		return &Signer{key: key, ec: private}, err
	}
	return nil, fmt.Errorf("make a key: %w: algorithm %q", ErrMalformed, alg)
}

// Key is the public key.
func (s *Signer) Key() Key { return s.key }

// Sign returns a signature that Key verifies, of 64 bytes.
func (s *Signer) Sign(message []byte) ([]byte, error) {
	if s.ec == nil {
		return ed25519.Sign(s.ed, message), nil
	}
	hash := sha256.Sum256(message)
	a, b, err := ecdsa.Sign(rand.Reader, s.ec, hash[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	signature := make([]byte, signatureBytes)
	a.FillBytes(signature[:signatureBytes/2])
	b.FillBytes(signature[signatureBytes/2:])
	return signature, nil
}
