package registry_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// server is a registry on a disk, with a clock that the test sets.
type server struct {
	*registry.Registry
	t    *testing.T
	open func() store.Store

	mu  sync.Mutex
	now time.Time // guarded by mu
}

func newServer(t *testing.T) *server {
	t.Helper()
	disk := mem.NewDisk()
	return serverOn(t, func() store.Store { return mem.Open(disk) })
}

func serverOn(t *testing.T, open func() store.Store) *server {
	t.Helper()
	s := &server{t: t, open: open, now: time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)}
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	r, err := registry.Open(registry.Config{Store: s.open(), Now: s.clock})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Registry = r
}

// restart ends the process as a kill does.
func (s *server) restart() {
	s.t.Helper()
	s.start()
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

var keys atomic.Uint64

// newDevice is a device that has no member yet.
func newDevice() registry.NewDevice {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)

	binary.BigEndian.PutUint64(seed, keys.Add(1))
	key := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	return registry.NewDevice{Alg: "Ed25519", Key: key, Label: "a phone", Kind: "phone", AppVersion: "1.0"}
}

func (s *server) board(title string) registry.Board {
	s.t.Helper()
	b, err := s.CreateBoard(registry.BoardSpec{Title: title, Lang: "da"}, "operator")
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *server) invite(spec registry.InviteSpec) (registry.Invite, string) {
	s.t.Helper()
	i, code, err := s.Invite(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return i, code
}

func (s *server) redeem(code string, d registry.NewDevice) registry.Joined {
	s.t.Helper()
	j, err := s.Redeem(code, d)
	if err != nil {
		s.t.Fatalf("redeem %s: %v", code, err)
	}
	return j
}

// join adds a member with roles and a device.
func (s *server) join(b registry.Board, roles ...rights.Role) registry.Joined {
	s.t.Helper()
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(roles...), Label: "Ann"})
	return s.redeem(code, newDevice())
}

// roles are what a device has on a board now.
func (s *server) roles(device string, b registry.Board) rights.Roles {
	s.t.Helper()
	p, err := s.Principal(device, s.clock())
	if err != nil {
		s.t.Fatalf("principal of %s: %v", device, err)
	}
	if m := p.On(b.ID); m != nil {
		return m.Roles
	}
	return 0
}

// errOf is the error of what tells more than that.
func errOf(_ int, err error) error { return err }

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestFromSetUpToAPrincipal(t *testing.T) {
	s := newServer(t)
	if !s.NeedsSetup() {
		t.Fatal("an empty registry has an operator")
	}
	_, lost, err := s.SetupInvite()
	s.must(err)
	i, code, err := s.SetupInvite() // the server was started twice
	s.must(err)
	if !i.Setup || len(code) != 11 || code[5] != '-' {
		t.Fatalf("invite %+v with code %q", i, code)
	}
	_, err = s.Redeem(lost, newDevice())
	wantErr(t, "the code of the first start", err, registry.ErrCode)
	desk := newDevice()
	op := s.redeem(strings.ToUpper(strings.ReplaceAll(code, "-", " - ")), desk)
	if !op.Member.Operator || s.NeedsSetup() {
		t.Fatalf("%+v is no operator", op.Member)
	}
	_, _, err = s.SetupInvite()
	wantErr(t, "set-up again", err, registry.ErrCode)

	b, err := s.CreateBoard(registry.BoardSpec{Title: " Gård\n3 ", Lang: "da"}, op.Member.Ref)
	s.must(err)
	if b.Title != "Gård 3" || b.TimeZone != "Europe/Copenhagen" {
		t.Errorf("board %+v", b)
	}
	neighbour := s.join(b, rights.Resident, rights.Connector)
	for range 2 {
		p, err := s.Principal(op.Device.ID, s.clock())
		s.must(err)
		if !p.Operator || p.Member != op.Member.Ref || p.On(b.ID).Roles != rights.RolesOf(rights.Owner) || p.On(b.ID).Pages == nil {
			t.Errorf("principal of the operator: %+v", p)
		}
		if got := s.roles(neighbour.Device.ID, b); got != rights.RolesOf(rights.Resident, rights.Connector) {
			t.Errorf("the neighbour is %s", got)
		}
		if m, _ := s.Member(neighbour.Member.Ref); m.Label != "Ann" || m.Kiosk || len(m.Grants) != 2 {
			t.Errorf("the neighbour: %+v", m)
		}
		if d, ok := s.Device(op.Device.ID); !ok || !slices.Equal(d.Key, desk.Key) || d.Unsent != -1 || d.AppVersion != "1.0" || d.LeaseDays != 60 {
			t.Errorf("device %+v", d)
		}
		s.restart()
	}
	if _, err := s.Principal("no such device", s.clock()); !errors.Is(err, registry.ErrUnknownDevice) {
		t.Errorf("an unknown device: %v", err)
	}
	if _, ok := s.Board(id.Document{}); ok || len(s.Boards()) != 1 {
		t.Error("there is a board that nobody made")
	}
}
