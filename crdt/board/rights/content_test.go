package rights

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"pgregory.net/rapid"
)

// Not to show all of a text to FindPersonal makes no difference: in any text it
// finds a number or an address if and only if it finds one in the whole.
func TestSuspectPartsAreEnough(t *testing.T) {
	x := newScene(t, Connector, Own)
	pieces := []string{
		"010170-1234", "010170 1234", "0101701234", "123456782", "123.456.782", "22 33 44 55", "+45 22 33 44 55", "06-12345678", "0612345678", "(020) 123 4567", "+31 (0)6 12345678", "0031/6/12345678",
		"inger@example.org", "inger (at) example.org", "inger[snabel-a]example.org", "12345678901234567890123456", "31.12.2026", "kl. 10-12", "1.250,50 kr",
		" ", " ", ", ", "-", "kr. ", "tlf. ", "æ", "–", "€", "x", "0", "12", "\n", "(", ")", "@", "/", "+",
	}
	found := 0
	rapid.Check(t, func(rt *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(rt, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(rt, "between"))
		identity, contact := personal(s)
		for _, neighbour := range []bool{false, true} {
			r := replicaOf(x.s.h)
			c := r.tamper(x.maker.actor)
			e := x.newPost(r, c)
			c.set(e, "newer", s)
			if neighbour {
				c.set(c.makeMap(e, "proxy"), "kind", "self")
			}
			want := Reason(0)
			switch {
			case identity:
				want = IdentityNumber
			case contact && neighbour:
				want = ContactData
			}
			got := Reason(0)
			if refusal, ok := x.s.x.Check(c.change(t), x.p).(*Refusal); ok {
				got = refusal.Reason
			}
			if got != want {
				rt.Fatalf("%q, for a neighbour %v: %v, want %v", s, neighbour, got, want)
			}
		}
		if identity {
			found++
		}
	})
	if found == 0 {
		t.Error("no text had an identity number")
	}
}

// A programme full of dates and hours, as long as a body may be, is nothing special.
func TestAProgrammeIsLetThrough(t *testing.T) {
	x := newScene(t, Resident, Own)
	var body strings.Builder
	const line = 24 // characters
	for i := range board.BodyMax / line {
		fmt.Fprintf(&body, "%02d.%02d.2026 %02d.00-%02d.30\næ", 1+i%28, 5+i/28, 8+i%10, 9+i%10)
	}
	if got := x.attempt(func(r *replica, c *tampered) { typed1(c, x.newPost(r, c), "body", body.String()) }); got != 0 {
		t.Errorf("refused: %v", got)
	}
}
