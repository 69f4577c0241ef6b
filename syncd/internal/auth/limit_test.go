package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/auth"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// fail tries with a wrong code.
func fail(l *auth.Limiter, a netip.Addr, now time.Time) (time.Duration, bool) {
	wait, ok := l.Try(a, now)
	if ok {
		l.Done(a, now, true)
	}
	return wait, ok
}

func TestFiveFailuresAMinute(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	a, now := addr("192.0.2.1"), start
	for i := range 5 {
		if wait, ok := fail(l, a, now); !ok {
			t.Fatalf("try %d: wait %s", i+1, wait)
		}
	}
	if wait, ok := fail(l, a, now); ok || wait != time.Minute {
		t.Errorf("sixth try: wait %s, %v; want a minute", wait, ok)
	}
	if _, ok := fail(l, addr("192.0.2.2"), now); !ok {
		t.Error("another address was refused")
	}
	if wait, ok := fail(l, a, now.Add(59*time.Second)); ok || wait != time.Second {
		t.Errorf("in the last second: wait %s, %v", wait, ok)
	}
	if _, ok := fail(l, a, now.Add(time.Minute)); !ok {
		t.Error("after the minute it is still locked out")
	}
}

func TestTheLockOutGrows(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	a, now := addr("2001:db8::1"), start
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		var wait time.Duration
		tries := 0
		for ok := true; ok; tries++ {
			wait, ok = fail(l, a, now)
		}
		if wait != want*time.Minute || tries > 6 {
			t.Errorf("locked out for %s after %d tries, want %d minutes after 5", wait, tries-1, want)
		}
		now = now.Add(wait)
	}
	now = now.Add(25 * time.Hour)
	for range 5 {
		fail(l, a, now)
	}
	if wait, ok := fail(l, a, now); ok || wait != time.Minute {
		t.Errorf("after a quiet day: %s, %v; want a minute", wait, ok)
	}
}

func TestWhoSucceedsIsNotCounted(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	a := addr("192.0.2.1")
	for i := range 500 {
		if _, ok := l.Try(a, start); !ok {
			t.Fatalf("try %d of those who all had a right code was refused", i+1)
		}
		l.Done(a, start, false)
	}
}

func TestOneHouseIsOneSource(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	for _, a := range []string{"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3", "2001:db8:0:1::4%eth0", "2001:db8:0:1::5"} {
		fail(l, addr(a), start)
	}
	if _, ok := fail(l, addr("2001:db8:0:1::6"), start); ok {
		t.Error("another address of the same network went on")
	}
	if _, ok := fail(l, addr("2001:db8:0:2::1"), start); !ok {
		t.Error("another network was locked out too")
	}
	if auth.Source(addr("::ffff:192.0.2.1")) != auth.Source(addr("192.0.2.1")) {
		t.Error("a mapped address is another source")
	}
}

func TestAHundredFailuresAMinuteOverall(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	passed := 0
	for i := range 300 {
		if _, ok := fail(l, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), start); ok {
			passed++
		}
	}
	if passed != 100 {
		t.Errorf("%d tries of many addresses passed, want 100", passed)
	}
	if wait, ok := fail(l, addr("198.51.100.1"), start); ok || wait != 600*time.Millisecond {
		t.Errorf("wait %s, %v", wait, ok)
	}
	if _, ok := fail(l, addr("198.51.100.1"), start.Add(time.Second)); !ok {
		t.Error("a second later nobody can try")
	}
}

func TestAClockThatIsSetBackLocksNobodyOutForLong(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	a := addr("192.0.2.1")
	for range 6 {
		fail(l, a, start)
	}
	back := start.Add(-365 * 24 * time.Hour)
	if wait, ok := fail(l, a, back); ok || wait > time.Hour {
		t.Errorf("wait %s, %v", wait, ok)
	}
	if _, ok := fail(l, a, back.Add(2*time.Hour)); !ok {
		t.Error("still locked out two hours later")
	}
}

func TestFewAddressesAreRemembered(t *testing.T) {
	l := auth.NewLimiter(auth.Limits{PerAddress: 2, Addresses: 3})
	for i := range 1000 {
		fail(l, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), start)
	}
	// The last one is still counted, the first is forgotten.
	last := netip.AddrFrom4([4]byte{10, 0, 999 >> 8, 999 & 255})
	if _, ok := fail(l, last, start); !ok {
		t.Error("a second failure was refused")
	}
	if _, ok := fail(l, last, start); ok {
		t.Error("a third failure was allowed")
	}
}

func TestManyAtOnceFromOneHouse(t *testing.T) {
	l := auth.NewLimiter(auth.CodeLimits)
	a := addr("192.0.2.1")
	for range 5 {
		if _, ok := l.Try(a, start); !ok {
			t.Fatal("refused")
		}
	}
	if wait, ok := l.Try(a, start); ok || wait != time.Second {
		t.Errorf("while five are under way: wait %s, %v", wait, ok)
	}
	for range 5 {
		l.Done(a, start, false)
	}
	if wait, ok := l.Try(a, start); !ok {
		t.Errorf("after five who belong: wait %s", wait)
	}
}
