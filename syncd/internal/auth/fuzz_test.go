package auth_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/auth"
)

func FuzzParseKey(f *testing.F) {
	for _, v := range readVectors(f).Keys {
		k, err := auth.ParseKeyText(v.Alg, v.Key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(v.Alg, k.Raw(), make([]byte, 64))
	}
	f.Fuzz(func(t *testing.T, alg string, raw, signature []byte) {
		k, err := auth.ParseKey(alg, raw)
		if err != nil {
			if !errors.Is(err, auth.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(k.Raw(), raw) || k.Alg() != alg {
			t.Fatalf("%q %x is kept as %q %x", alg, raw, k.Alg(), k.Raw())
		}
		again, err := auth.ParseKeyText(alg, k.Text())
		if err != nil || again.Device() != k.Device() {
			t.Fatalf("written and read again: %v", err)
		}
		if _, err := auth.ParseDevice(k.Device()); err != nil {
			t.Fatal(err)
		}
		k.Verify(raw, signature)
	})
}

func FuzzParseDevice(f *testing.F) {
	f.Add("00000000000000000000000000")
	f.Add("zzzzzzzzzzzzzzzzzzzzzzzzzw")
	f.Add("zzzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("0000000000000\n000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := auth.ParseDevice(s)
		if err == nil && auth.FormatDevice(b) != s {
			t.Fatalf("%q is written as %q", s, auth.FormatDevice(b))
		}
	})
}

func FuzzNormalCode(f *testing.F) {
	v := readVectors(f)
	for _, c := range v.Codes {
		f.Add(c.Said)
	}
	for _, said := range v.NoCodes {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		code, err := auth.NormalCode(said)
		if err != nil {
			return
		}
		if again, err := auth.NormalCode(auth.ShowCode(code)); err != nil || again != code || len(code) != 10 {
			t.Fatalf("%q is %q, shown and read again %q (%v)", said, code, again, err)
		}
	})
}

func FuzzTokensAndChallenges(f *testing.F) {
	m, p := auth.NewMinter(secret(1)), auth.NewProver(secret(1))
	device := newSigner(f, auth.Ed25519).Key().Device()
	for _, kind := range kinds {
		f.Add(mint(f, auth.NewMinter(secret(2)), kind, device, start))
		f.Add(mint(f, m, kind, device, start)[1:] + "A")
	}
	challenge, _ := auth.NewProver(secret(2)).Challenge(start)
	f.Add(challenge)
	f.Add("")
	key := newSigner(f, auth.ES256).Key()
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range kinds {
			if got, err := m.Read(kind, text, start); err == nil {
				t.Fatalf("%q was read as %+v", text, got)
			}
		}
		if p.Verify(auth.Proof{Purpose: text, Host: text, Challenge: text, Subject: text, Signature: text}, key, start) == nil {
			t.Fatalf("%q is a proof", text)
		}
	})
}
