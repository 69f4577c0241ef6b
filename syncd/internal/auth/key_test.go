package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/auth"
)

// vectors are what WebCrypto made; see the README beside the file.
type vectors struct {
	Keys   []struct{ Alg, Key, Device string }
	Proofs []struct {
		Alg, Key, Purpose, Host, Challenge, Code, Subject, Message, Signature string
	}
	Codes   []struct{ Said, Normal, Shown string }
	NoCodes []string
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("../../../crdt/testdata/auth/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Keys) < 4 || len(v.Proofs) < 12 || len(v.Codes) == 0 || len(v.NoCodes) == 0 {
		t.Fatal("vectors are missing")
	}
	return v
}

func TestDeviceIDsAreThoseOfTheBrowser(t *testing.T) {
	for _, v := range readVectors(t).Keys {
		key, err := auth.ParseKeyText(v.Alg, v.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.Device(); got != v.Device {
			t.Errorf("%s %s: device %s, want %s", v.Alg, v.Key, got, v.Device)
		}
		if key.Text() != v.Key {
			t.Errorf("key %s is written as %s", v.Key, key.Text())
		}
	}
}

func TestSignaturesOfTheBrowser(t *testing.T) {
	for _, v := range readVectors(t).Proofs {
		key, err := auth.ParseKeyText(v.Alg, v.Key)
		if err != nil {
			t.Fatal(err)
		}
		subject := v.Subject
		if v.Code != "" {
			subject = auth.JoinSubject(v.Code, key)
		}
		p := auth.Proof{Purpose: v.Purpose, Host: v.Host, Challenge: v.Challenge, Subject: subject}
		if string(p.Message()) != v.Message {
			t.Errorf("message\n got %q\nwant %q", p.Message(), v.Message)
		}
		signature, err := base64.RawURLEncoding.DecodeString(v.Signature)
		if err != nil {
			t.Fatal(err)
		}
		if !key.Verify(p.Message(), signature) {
			t.Errorf("%s %s: the signature was refused", v.Alg, v.Purpose)
		}
		for i := range signature {
			signature[i] ^= 4
			if key.Verify(p.Message(), signature) {
				t.Fatalf("%s: a signature with another byte %d was accepted", v.Alg, i)
			}
			signature[i] ^= 4
		}
		if key.Verify(append(p.Message(), ' '), signature) {
			t.Errorf("%s: the signature of another message was accepted", v.Alg)
		}
	}
}

func TestCodesAsPeopleWriteThem(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Codes {
		got, err := auth.NormalCode(c.Said)
		if err != nil || got != c.Normal || auth.ShowCode(got) != c.Shown {
			t.Errorf("%q: %q shown %q (%v), want %q shown %q", c.Said, got, auth.ShowCode(got), err, c.Normal, c.Shown)
		}
	}
	for _, said := range append(v.NoCodes, strings.Repeat(" ", 60)+"7qk2m-9xzta") {
		if got, err := auth.NormalCode(said); !errors.Is(err, auth.ErrMalformed) {
			t.Errorf("%q was read as %q (%v)", said, got, err)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	v := readVectors(t)
	raw := func(alg string) []byte {
		for _, k := range v.Keys {
			if k.Alg == alg {
				b, _ := base64.RawURLEncoding.DecodeString(k.Key)
				return b
			}
		}
		return nil
	}
	ed, p256 := raw(auth.Ed25519), raw(auth.ES256)
	off := append([]byte(nil), p256...)
	off[64] ^= 1
	unhex := func(s string) []byte { b, _ := hex.DecodeString(s); return b }
	for name, c := range map[string]struct {
		alg string
		raw []byte
	}{
		"no algorithm":      {"", ed},
		"another algorithm": {"RS256", ed},
		"short":             {auth.Ed25519, ed[:31]},
		"long":              {auth.Ed25519, append(ed[:32:32], 0)},
		"empty":             {auth.ES256, nil},
		"compressed":        {auth.ES256, append([]byte{2}, p256[1:33]...)},
		"off the curve":     {auth.ES256, off},
		"infinity":          {auth.ES256, make([]byte, 65)},
		"the other's":       {auth.ES256, ed},
		"neutral point":     {auth.Ed25519, unhex("01" + strings.Repeat("00", 31))},
		"neutral, signed":   {auth.Ed25519, unhex("01" + strings.Repeat("00", 30) + "80")},
		"zero":              {auth.Ed25519, make([]byte, 32)},
		"minus one":         {auth.Ed25519, unhex("ec" + strings.Repeat("ff", 30) + "7f")},
		"order eight":       {auth.Ed25519, unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")},
		"order eight too":   {auth.Ed25519, unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")},
	} {
		if k, err := auth.ParseKey(c.alg, c.raw); !errors.Is(err, auth.ErrMalformed) {
			t.Errorf("%s: read as %v (%v)", name, k, err)
		}
	}
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func secret(b byte) (s auth.Secret) {
	for i := range s {
		s[i] = b
	}
	return s
}

func newSigner(t testing.TB, alg string) *auth.Signer {
	t.Helper()
	s, err := auth.NewSigner(alg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *auth.Signer, p auth.Proof) auth.Proof {
	t.Helper()
	p, err := s.SignProof(p)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProofs(t *testing.T) {
	for _, alg := range []string{auth.Ed25519, auth.ES256} {
		me, other := newSigner(t, alg), newSigner(t, alg)
		for _, c := range []struct {
			name   string
			later  time.Duration
			change func(*auth.Proof)
			key    auth.Key
			want   error
		}{
			{name: "as asked", change: func(*auth.Proof) {}},
			{name: "in the last moment", later: auth.ChallengeTTL - time.Millisecond, change: func(*auth.Proof) {}},
			{name: "too late", later: auth.ChallengeTTL, change: func(*auth.Proof) {}, want: auth.ErrExpired},
			{name: "clock set back a little", later: -time.Minute, change: func(*auth.Proof) {}},
			{name: "clock set back a year", later: -365 * 24 * time.Hour, change: func(*auth.Proof) {}, want: auth.ErrExpired},
			{name: "another purpose", change: func(p *auth.Proof) { p.Purpose = auth.PurposeJoin }, want: auth.ErrForged},
			{name: "another host", change: func(p *auth.Proof) { p.Host = "evil.example" }, want: auth.ErrForged},
			{name: "another subject", change: func(p *auth.Proof) { p.Subject = other.Key().Device() }, want: auth.ErrForged},
			{name: "another key", change: func(*auth.Proof) {}, key: other.Key(), want: auth.ErrForged},
			{name: "no signature", change: func(p *auth.Proof) { p.Signature = "" }, want: auth.ErrMalformed},
			{name: "not base64url", change: func(p *auth.Proof) { p.Signature = strings.Repeat("=", 86) }, want: auth.ErrMalformed},
			{name: "no challenge", change: func(p *auth.Proof) { p.Challenge = "" }, want: auth.ErrMalformed},
			{name: "own challenge", change: func(p *auth.Proof) { p.Challenge = strings.Repeat("A", len(p.Challenge)) }, want: auth.ErrForged},
			{name: "two lines in one", change: func(p *auth.Proof) { p.Host += "\n" }, want: auth.ErrMalformed},
		} {
			t.Run(alg+" "+c.name, func(t *testing.T) {
				prover := auth.NewProver(secret(1))
				challenge, expires := prover.Challenge(start)
				if !expires.Equal(start.Add(auth.ChallengeTTL)) {
					t.Errorf("expires %s", expires)
				}
				p := sign(t, me, auth.Proof{Purpose: auth.PurposeSession, Host: "board.example", Challenge: challenge, Subject: me.Key().Device()})
				c.change(&p)
				key := c.key
				if key == (auth.Key{}) {
					key = me.Key()
				}
				if err := check(prover, p, key, start.Add(c.later)); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
	}
}

// check verifies a proof and spends its challenge.
func check(p *auth.Prover, proof auth.Proof, key auth.Key, now time.Time) error {
	if err := p.Verify(proof, key, now); err != nil {
		return err
	}
	return p.Spend(proof.Challenge, key.Device(), addr("192.0.2.1"), now)
}

func TestAChallengeIsAnsweredOnce(t *testing.T) {
	me, other := newSigner(t, auth.Ed25519), newSigner(t, auth.ES256)
	prover := auth.NewProver(secret(1))
	challenge, _ := prover.Challenge(start)
	proof := func(s *auth.Signer) auth.Proof {
		return sign(t, s, auth.Proof{Purpose: auth.PurposeSession, Host: "a", Challenge: challenge, Subject: s.Key().Device()})
	}
	wrong := proof(other)
	wrong.Subject = me.Key().Device()
	if err := check(prover, wrong, other.Key(), start); !errors.Is(err, auth.ErrForged) {
		t.Fatalf("got %v", err)
	}
	if err := check(prover, proof(me), me.Key(), start); err != nil {
		t.Fatalf("a wrong answer spent the challenge: %v", err)
	}
	for _, later := range []time.Duration{0, time.Second, -4 * time.Minute} {
		if err := check(prover, proof(me), me.Key(), start.Add(later)); !errors.Is(err, auth.ErrSpent) {
			t.Errorf("%s later: got %v, want spent", later, err)
		}
	}
	if err := check(prover, proof(other), other.Key(), start); !errors.Is(err, auth.ErrSpent) {
		t.Errorf("another device answered the same challenge: %v", err)
	}
	if err := check(auth.NewProver(secret(2)), proof(me), me.Key(), start); !errors.Is(err, auth.ErrForged) {
		t.Errorf("a challenge of another server: %v", err)
	}
}

func TestTheSubjectOfJoiningNamesCodeAndKey(t *testing.T) {
	key := newSigner(t, auth.Ed25519).Key()
	sum := sha256.Sum256([]byte("7qk2m9xzta"))
	want := hex.EncodeToString(sum[:]) + "\nEd25519\n" + key.Text()
	if got := auth.JoinSubject("7qk2m9xzta", key); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
