package auth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/auth"
)

var kinds = []auth.Kind{auth.Session, auth.Ticket, auth.URL, auth.Bearer}

func mint(t testing.TB, m *auth.Minter, kind auth.Kind, device string, now time.Time) string {
	t.Helper()
	text, _, err := m.Mint(kind, device, now)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATokenNamesItsDevice(t *testing.T) {
	m := auth.NewMinter(secret(1))
	device := newSigner(t, auth.Ed25519).Key().Device()
	for _, kind := range kinds {
		text, minted, err := m.Mint(kind, device, start)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) != 76 {
			t.Errorf("kind %d: %d characters", kind, len(text))
		}
		got, err := m.Read(kind, text, start.Add(kind.TTL()-time.Millisecond))
		if err != nil || got.Device != device || !got.Issued.Equal(start) || !got.Expires.Equal(start.Add(kind.TTL())) {
			t.Errorf("kind %d: got %+v, %v, minted %+v", kind, got, err, minted)
		}
		if got.HalfOver(start.Add(kind.TTL()/2)) || !got.HalfOver(start.Add(kind.TTL()/2+time.Millisecond)) {
			t.Errorf("kind %d: half over at the wrong time", kind)
		}
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	m := auth.NewMinter(secret(1))
	device := newSigner(t, auth.Ed25519).Key().Device()
	for _, kind := range kinds {
		text := mint(t, m, kind, device, start)
		check := func(name string, m *auth.Minter, kind auth.Kind, text string, at time.Time, want error) {
			t.Helper()
			if got, err := m.Read(kind, text, at); !errors.Is(err, want) {
				t.Errorf("kind %d, %s: got %+v, %v, want %v", kind, name, got, err, want)
			}
		}
		check("expired", m, kind, text, start.Add(kind.TTL()), auth.ErrExpired)
		check("made when the clock was wrong", m, kind, text, start.Add(-time.Hour), auth.ErrExpired)
		check("of another server", auth.NewMinter(secret(2)), kind, text, start, auth.ErrForged)
		check("empty", m, kind, "", start, auth.ErrMalformed)
		check("padded", m, kind, text+"==", start, auth.ErrMalformed)
		check("another alphabet", m, kind, "+"+text[1:], start, auth.ErrMalformed)
		for _, other := range kinds {
			if other != kind {
				check(fmt.Sprintf("for kind %d", other), m, other, text, start, auth.ErrMalformed)
			}
		}
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] ^= 1
			check(fmt.Sprintf("byte %d changed", i), m, kind, base64.RawURLEncoding.EncodeToString(b), start, auth.ErrForged)
			b[i] ^= 1
		}
	}
	challenge, _ := auth.NewProver(secret(1)).Challenge(start)
	if _, err := m.Read(auth.Session, challenge, start); !errors.Is(err, auth.ErrMalformed) {
		t.Errorf("a challenge was read as a token: %v", err)
	}
	if _, _, err := m.Mint(auth.Session, "nobody", start); !errors.Is(err, auth.ErrMalformed) {
		t.Errorf("a token for no device: %v", err)
	}
	if _, _, err := m.Mint(9, device, start); !errors.Is(err, auth.ErrMalformed) {
		t.Errorf("a token of no kind: %v", err)
	}
}

func TestATicketIsUsedOnce(t *testing.T) {
	m := auth.NewMinter(secret(1))
	device := newSigner(t, auth.Ed25519).Key().Device()
	ticket := mint(t, m, auth.Ticket, device, start)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := m.Read(auth.Ticket, ticket, start); err == nil {
				won.Add(1)
			} else if !errors.Is(err, auth.ErrSpent) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("a ticket was used %d times", won.Load())
	}
	if _, err := m.Read(auth.Ticket, mint(t, m, auth.Ticket, device, start), start); err != nil {
		t.Errorf("a second ticket: %v", err)
	}
	url := mint(t, m, auth.URL, device, start)
	for range 3 {
		if _, err := m.Read(auth.URL, url, start); err != nil {
			t.Errorf("an address is used at each reconnect: %v", err)
		}
	}
}

func TestOnceRefusesRatherThanForgets(t *testing.T) {
	o := auth.NewOnce(3)
	for i := range 3 {
		if err := o.Spend(fmt.Sprint(i), start.Add(time.Minute), start); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Spend("one more", start.Add(time.Minute), start); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("got %v, want busy", err)
	}
	if err := o.Spend("0", start.Add(time.Minute), start); !errors.Is(err, auth.ErrSpent) {
		t.Errorf("got %v, want spent", err)
	}
	later := start.Add(10 * time.Minute)
	if err := o.Spend("one more", later.Add(time.Minute), later); err != nil {
		t.Errorf("after the others expired: %v", err)
	}
}

func TestNobodyUsesUpTheShareOfOthers(t *testing.T) {
	p := auth.NewProver(secret(1))
	house := addr("2001:db8::1")
	spend := func(device int, from netip.Addr, now time.Time) error {
		challenge, _ := p.Challenge(now)
		return p.Spend(challenge, fmt.Sprint(device), from, now)
	}
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = spend(0, netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}), start)
	}
	if !errors.Is(err, auth.ErrTooOften) || n < 50 {
		t.Errorf("one device: %v after %d answers", err, n)
	}
	if err := spend(0, house, start.Add(7*time.Minute)); err != nil {
		t.Errorf("the same device, when they are forgotten: %v", err)
	}
	err, n = nil, 1
	for ; err == nil && n < 1<<16; n++ {
		err = spend(n, house, start)
	}
	if !errors.Is(err, auth.ErrTooOften) || n < 1000 {
		t.Errorf("one house: %v after %d devices", err, n)
	}
	if err := spend(1, addr("2001:db8:0:1::1"), start); err != nil {
		t.Errorf("from another house: %v", err)
	}
}

func TestOneDevicesTicketsLeaveRoomForOthers(t *testing.T) {
	m := auth.NewMinter(secret(1))
	use := func(device string) error {
		text, _, err := m.Mint(auth.Ticket, device, start)
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Read(auth.Ticket, text, start)
		return err
	}
	greedy, other := newSigner(t, auth.Ed25519).Key().Device(), newSigner(t, auth.Ed25519).Key().Device()
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = use(greedy)
	}
	if !errors.Is(err, auth.ErrTooOften) || n < 100 {
		t.Errorf("%v after %d tickets", err, n)
	}
	if err := use(other); err != nil {
		t.Errorf("another device: %v", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	s := secret('x')
	for _, form := range []string{"%v", "%s", "%+v", "%#v"} {
		if got := fmt.Sprintf(form, s); got != "(secret)" {
			t.Errorf("%s prints %q", form, got)
		}
	}
}
