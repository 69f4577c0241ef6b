package board

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func TestSecrets(t *testing.T) {
	v := vectors[struct {
		Secrets    []struct{ Hex, Secret, Hash string }
		Said       []struct{ Said, Secret string }
		NotSecrets []string
	}](t, "handovers.json")
	for _, x := range v.Secrets {
		b, err := hex.DecodeString(x.Hex)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := NewSecret(bytes.NewReader(b)); err != nil || got != x.Secret || SecretHash(got) != x.Hash {
			t.Errorf("%s makes %s with the hash %s: %v", x.Hex, got, SecretHash(got), err)
		}
	}
	for _, x := range v.Said {
		if got, err := ParseSecret(x.Said); err != nil || got != x.Secret {
			t.Errorf("%q is read as %q: %v", x.Said, got, err)
		}
	}
	for _, s := range v.NotSecrets {
		if got, err := ParseSecret(s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q is read as %q: %v", s, got, err)
		}
	}
}

const slip, otherSlip = "0123456789abcdef", "ghjkmnpqrstvwxyz"

// handed is a post that a volunteer wrote for a neighbour and hands over.
func handed(t *testing.T) (desk *device, p NewPost) {
	desk = page(t, "desk")
	p = request("indkøb")
	p.CreatedBy, p.Proxy = "desk-1", &Proxy{Kind: "volunteer", Permission: "spoken", CallBackBy: "visit", Connector: "desk-1"}
	desk.must(desk.AddPost(desk.now, p))
	desk.must(desk.HandOver(desk.now, p.ID, NewHandover{ident("h"), slip, "desk-1"}))
	return desk, p
}

func TestHandOver(t *testing.T) {
	desk, p := handed(t)
	phone := page(t, "phone")
	meet(desk, phone)
	if by := phone.post(p.ID).HeldBy(); by != "desk-1" {
		t.Errorf("before it is claimed, the post is held by %s", by)
	}
	if _, err := phone.Claim(phone.now, p.ID, NewClaim{ident("c0"), otherSlip, "phone-1"}); !errors.Is(err, ErrUnknown) {
		t.Errorf("claimed with another secret: %v", err)
	}
	phone.must(phone.Claim(phone.now, p.ID, NewClaim{ident("c1"), slip, "phone-1"}))
	if phone.must(phone.Claim(phone.now, p.ID, NewClaim{ident("c2"), slip, "phone-1"})) {
		t.Error("claiming twice makes two claims")
	}
	meet(desk, phone)
	got := desk.post(p.ID)
	if got.HeldBy() != "phone-1" || got.CreatedBy != "desk-1" || got.Proxy == nil || got.Proxy.Kind != "volunteer" {
		t.Errorf("the post is held by %s, was written by %s, as proxy %+v", got.HeldBy(), got.CreatedBy, got.Proxy)
	}
	_, again := desk.Claim(desk.now, p.ID, NewClaim{ident("c3"), slip, "desk-1"})
	_, anew := desk.HandOver(desk.now, p.ID, NewHandover{ident("h2"), otherSlip, "desk-1"})
	if !errors.Is(again, ErrHeld) || !errors.Is(anew, ErrHeld) {
		t.Errorf("the volunteer takes it back: %v, %v", again, anew)
	}
}

// A volunteer with two slips keeps none: the earliest claim counts, of whichever
// hand-over.
func TestTwoSlips(t *testing.T) {
	desk, p := handed(t)
	desk.must(desk.HandOver(desk.now, p.ID, NewHandover{ident("h2"), otherSlip, "desk-1"}))
	phone := page(t, "phone")
	meet(desk, phone)
	phone.must(phone.Claim(phone.now, p.ID, NewClaim{ident("c1"), otherSlip, "phone-1"}))
	if _, err := phone.Claim(phone.now, p.ID, NewClaim{ident("c2"), slip, "phone-2"}); !errors.Is(err, ErrHeld) {
		t.Errorf("claimed by the other slip: %v", err)
	}
	if by := phone.post(p.ID).HeldBy(); by != "phone-1" {
		t.Errorf("held by %s", by)
	}
}

func TestTwoClaimsAtOnce(t *testing.T) {
	desk, p := handed(t)
	early, late := page(t, "b"), page(t, "a")
	meet(desk, early, late)
	late.must(late.Reply(late.now, p.ID, NewReply{ID: ident("r"), Body: "Jeg kigger.", CreatedBy: "phone-2"})) // so that its claim is later
	late.must(late.Claim(late.now, p.ID, NewClaim{ident("c2"), slip, "phone-2"}))
	early.now = late.now + 1000 // clocks decide nothing
	early.must(early.Claim(early.now, p.ID, NewClaim{ident("c1"), slip, "phone-1"}))
	meet(desk, early, late)
	for _, d := range []*device{desk, early, late} {
		got := d.post(p.ID)
		if got.HeldBy() != "phone-1" || len(got.Handovers) != 1 || len(got.Handovers[0].Claims) != 2 {
			t.Errorf("%s: held by %s, of %+v", d.name, got.HeldBy(), got.Handovers)
		}
	}
}

func TestOnlyTheAuthorHandsOver(t *testing.T) {
	desk, p := handed(t)
	if _, err := desk.HandOver(desk.now, p.ID, NewHandover{ident("h2"), otherSlip, "phone-9"}); !errors.Is(err, ErrHeld) {
		t.Errorf("handed over by somebody else: %v", err)
	}
	post := desk.post(p.ID)
	post.Handovers = []Handover{
		{SecretHash: SecretHash(slip), By: "phone-9", Claims: []Claim{{Secret: slip, By: "phone-9"}}},
		{SecretHash: SecretHash(otherSlip), By: "desk-1", Claims: []Claim{{Secret: slip, By: "phone-9"}, {Secret: otherSlip}}},
		{By: "desk-1", Claims: []Claim{{By: "phone-9"}}},
	}
	if by := post.HeldBy(); by != "desk-1" {
		t.Errorf("held by %s", by)
	}
}

func TestTheHolderDoesNotAnswerThemselves(t *testing.T) {
	desk, p := handed(t)
	desk.must(desk.Claim(desk.now, p.ID, NewClaim{ident("c1"), slip, "phone-1"}))
	desk.must(desk.Reply(desk.now, p.ID, NewReply{ID: ident("r1"), Body: "Helst om torsdagen.", CreatedBy: "phone-1"}))
	desk.must(desk.OfferHelp(desk.now, p.ID, NewOffer{ID: ident("o1"), CreatedBy: "desk-1"}))
	if desk.post(p.ID).Answered(nil) {
		t.Error("what author and holder write counts as an answer")
	}
	desk.must(desk.Reply(desk.now, p.ID, NewReply{ID: ident("r2"), Body: "Det gør jeg.", CreatedBy: "phone-2"}))
	if !desk.post(p.ID).Answered(nil) {
		t.Error("somebody else's reply counts as none")
	}
}
