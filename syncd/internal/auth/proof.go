package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// ChallengeTTL is how long a challenge can be answered.
const ChallengeTTL = time.Minute

const (
	challengePurpose = "tavle/challenge/v1"
	proofPrefix      = "tavle/proof/v1"
	nonceBytes       = 16
	challengeBytes   = nonceBytes + 8
	// rememberedMax bounds the challenges that were answered in the last
	// minutes, about 200 bytes each.
	rememberedMax = 1 << 16

	// Shares of them, for the six minutes that each is remembered: a device needs
	// few, and behind one address may be a house that comes back all at once.
	deviceShare  = 72
	addressShare = rememberedMax / 16
)

// Purposes of a proof. A proof for one of them is none for another.
const (
	PurposeJoin    = "join"
	PurposeSession = "session"
	PurposeUnsent  = "unsent"
)

// Prover asks devices to prove that they hold their key. It is safe for
// concurrent use.
type Prover struct {
	secret Secret
	spent  *Once
}

// NewProver returns a Prover. Its answered challenges are in memory, so after a
// restart a challenge could be answered a second time, within its minute.
func NewProver(secret Secret) *Prover {
	return &Prover{secret: secret, spent: NewOnce(rememberedMax)}
}

// Challenge makes a text that a device has to sign, and tells until when.
// Nothing is remembered of it before it is answered.
func (p *Prover) Challenge(now time.Time) (challenge string, expires time.Time) {
	var nonce [nonceBytes]byte
	rand.Read(nonce[:]) // never fails
	expires = now.Add(ChallengeTTL).Truncate(time.Millisecond)
	return p.secret.seal(challengePurpose, appendTime(nonce[:], expires)), expires
}

// Proof is a device's answer to a challenge.
type Proof struct {
	Purpose   string // PurposeJoin, …
	Host      string // as the browser sees it, with a port that is not the usual one
	Challenge string
	Subject   string // JoinSubject, or a device id
	Signature string // base64url without padding
}

// Message is what is signed.
func (p Proof) Message() []byte {
	return []byte(strings.Join([]string{proofPrefix, p.Purpose, p.Host, p.Challenge, p.Subject}, "\n"))
}

// Verify returns nil when the challenge is the server's own and still valid, and
// the key signed it for this purpose, host and subject. It spends nothing: what
// the proof is for happens only after Spend.
func (p *Prover) Verify(proof Proof, key Key, now time.Time) error {
	if _, _, err := p.open(proof.Challenge, now); err != nil {
		return err
	}
	if len(proof.Signature) != base64url.EncodedLen(signatureBytes) {
		return fmt.Errorf("proof: %w", ErrMalformed)
	}
	signature, err := base64url.DecodeString(proof.Signature)
	if err != nil {
		return fmt.Errorf("proof: %w", ErrMalformed)
	}
	// The parts stand in lines of their own.
	if strings.ContainsAny(proof.Purpose+proof.Host+proof.Challenge, "\n") {
		return fmt.Errorf("proof: %w", ErrMalformed)
	}
	if !key.Verify(proof.Message(), signature) {
		return fmt.Errorf("proof: %w", ErrForged)
	}
	return nil
}

// Spend returns nil once for each challenge. The device has answered it, from
// the address; each has a share of the answers that are remembered.
func (p *Prover) Spend(challenge, device string, from netip.Addr, now time.Time) error {
	nonce, expires, err := p.open(challenge, now)
	if err != nil {
		return err
	}
	err = p.spent.Spend(nonce, expires, now, Share{device, deviceShare}, Share{Source(from).String(), addressShare})
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	return nil
}

// open returns what a challenge of ours says that is still valid.
func (p *Prover) open(challenge string, now time.Time) (nonce string, expires time.Time, err error) {
	b, err := p.secret.unseal(challengePurpose, challenge, challengeBytes)
	if err != nil {
		return "", expires, fmt.Errorf("challenge: %w", err)
	}
	expires = timeOf(b[nonceBytes:])
	if !now.Before(expires) || expires.Sub(now) > ChallengeTTL+clockSlack {
		return "", expires, fmt.Errorf("challenge: %w", ErrExpired)
	}
	return string(b[:nonceBytes]), expires, nil
}

// JoinSubject is the subject of a proof of purpose join: the hash of the
// normalised code and the key that is to belong.
func JoinSubject(normalCode string, key Key) string {
	sum := sha256.Sum256([]byte(normalCode))
	return hex.EncodeToString(sum[:]) + "\n" + key.Alg() + "\n" + key.Text()
}

// SignProof fills in the signature of a proof.
func (s *Signer) SignProof(p Proof) (Proof, error) {
	signature, err := s.Sign(p.Message())
	p.Signature = base64url.EncodeToString(signature)
	return p, err
}
