package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/faultstore"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// picture is all that can be seen of a registry.
func (s *server) picture() string {
	s.t.Helper()
	type board struct {
		Board   registry.Board
		Members []registry.Member
		Invites []registry.Invite
		Refused []registry.Refused
		Posters []registry.Poster
		Numbers registry.Numbers
	}
	var all []any
	for _, b := range append(s.Boards(), registry.Board{}) {
		all = append(all, board{b, s.Members(b.ID), s.Invites(b.ID), s.Quarantined(b.ID), s.Scans(b.ID), s.Count(b.ID)})
	}
	devices := s.Devices(id.Document{})
	for _, d := range devices {
		p, err := s.Principal(d.ID, s.clock())
		all = append(all, fmt.Sprint(err))
		if p != nil {
			for _, m := range p.Boards {
				all = append(all, m.Board, m.Roles, m.Archived)
			}
		}
	}
	text, err := json.MarshalIndent(append(all, devices, s.Revocations(), s.NeedsSetup()), "", " ")
	s.must(err)
	return string(text)
}

// small is a registry with one of each, and what may be done to it.
type small struct {
	*server
	b       registry.Board
	m       registry.Joined
	invite  registry.Invite
	code    string
	refused registry.Refused
	fresh   registry.NewDevice
}

func newSmall(s *server) small {
	v := small{server: s, b: s.board("A"), fresh: newDevice()}
	s.join(v.b, rights.Owner)
	v.m = s.join(v.b, rights.Resident)
	v.invite, v.code = s.invite(registry.InviteSpec{Board: v.b.ID, Roles: resident, Label: "L"})
	v.refused = s.refuse(v.b, "p", []byte("change"))
	s.must(s.AddPoster(v.b.ID, posterName(2), "Q"))
	return v
}

// mutations are all calls that write, by name.
var mutations = map[string]func(small) error{
	"CreateBoard": func(v small) error {
		_, err := v.CreateBoard(registry.BoardSpec{Title: "N", Lang: "en"}, v.m.Member.Ref)
		return err
	},
	"RenameBoard":  func(v small) error { return v.RenameBoard(v.b.ID, "other", "") },
	"CloneBoard":   func(v small) error { _, err := v.CloneBoard(v.b.ID, "C", "", nil); return err },
	"ArchiveBoard": func(v small) error { return v.ArchiveBoard(v.b.ID, true, "") },
	"Invite": func(v small) error {
		_, _, err := v.Invite(registry.InviteSpec{Board: v.b.ID, Roles: resident})
		return err
	},
	"Letters": func(v small) error {
		_, err := v.Letters(registry.InviteSpec{Board: v.b.ID, Roles: resident}, 20)
		return err
	},
	"SetupInvite":  func(v small) error { _, _, err := v.SetupInvite(); return err },
	"RevokeInvite": func(v small) error { return v.RevokeInvite(v.invite.ID) },
	"Redeem":       func(v small) error { _, err := v.Redeem(v.code, v.fresh); return err },
	"RenameDevice": func(v small) error { return v.RenameDevice(v.m.Device.ID, "other") },
	"SetLease":     func(v small) error { return v.SetLease(v.m.Device.ID, 9) },
	"RevokeDevice": func(v small) error { return v.RevokeDevice(v.m.Device.ID, "x") },
	"SetLabel":     func(v small) error { return v.SetLabel(v.m.Member.Ref, "other") },
	"Grant": func(v small) error {
		return v.Grant(v.m.Member.Ref, v.b.ID, rights.Deputy, time.Time{}, time.Time{}, "")
	},
	"Ungrant": func(v small) error { return errOf(v.Ungrant(v.m.Member.Ref, v.b.ID, rights.Resident, "")) },
	"Remove":  func(v small) error { return errOf(v.Remove(v.m.Member.Ref, v.b.ID, "")) },
	"Leave":   func(v small) error { return v.Leave(v.m.Member.Ref) },
	"Forget":  func(v small) error { return v.Forget(v.m.Member.Ref, "") },
	"Quarantine": func(v small) error {
		_, err := v.Quarantine(registry.Refused{Board: v.b.ID}, [][]byte{{1}})
		return err
	},
	"DeleteQuarantined": func(v small) error { return v.DeleteQuarantined(v.b.ID, v.refused.ID, "x") },
	"AddPoster":         func(v small) error { return v.AddPoster(v.b.ID, posterName(1), "P") },
	"RemovePoster":      func(v small) error { return v.RemovePoster(v.b.ID, posterName(2)) },
	"ApplyRevocations": func(v small) error {
		_, err := v.ApplyRevocations([]registry.Revocation{{Device: "other"}, {Device: v.m.Device.ID}})
		return err
	},
}

// unlogged are those that change nothing about who may do what.
var unlogged = map[string]bool{
	"SetupInvite": true, "RenameDevice": true, "SetLease": true, "SetLabel": true, "Quarantine": true, "AddPoster": true, "RemovePoster": true,
}

// log is the latest of the audit log.
func (s *server) log() []registry.Entry {
	s.t.Helper()
	entries, _, err := s.Audit(id.Document{}, 0, 0)
	s.must(err)
	return entries
}

// Each change, in each way that a write can fail: an error changes nothing that
// can be seen, tells nobody, and what the next process finds is what was before
// or what was meant, and nothing in between: no act is without its entry in the
// audit log, and no entry without its act.
func TestFailedWritesChangeNothing(t *testing.T) {
	for name, mutate := range mutations {
		for _, fault := range []faultstore.Fault{
			faultstore.Fail, faultstore.Unknown, faultstore.UnknownPersisted, faultstore.Crash, faultstore.CrashPersisted,
		} {
			t.Run(name+" "+fault.String(), func(t *testing.T) {
				disk := mem.NewDisk()
				cfg := faultstore.Config{}
				s := serverOn(t, func() store.Store {
					fs, err := faultstore.New(mem.Open(disk), cfg)
					if err != nil {
						t.Fatal(err)
					}
					return fs
				})
				v := newSmall(s)
				cfg.Rules = []faultstore.Rule{{Op: faultstore.PutRecords, Call: 1, Fault: fault}}
				s.restart()
				before, logBefore := s.picture(), s.log()
				s.Watch(v.m.Device.ID, func() { t.Error("who watches was told") })
				if err := mutate(v); err == nil {
					t.Fatal("no error")
				}
				if after := s.picture(); after != before {
					t.Errorf("it shows\n%s\nbefore\n%s", after, before)
				}
				unknown := fault == faultstore.Unknown || fault == faultstore.UnknownPersisted
				select {
				case err := <-s.Fatal():
					if !unknown || !errors.Is(err, store.ErrUnknownOutcome) {
						t.Errorf("fatal: %v", err)
					}
				default:
					if unknown {
						t.Error("the process goes on")
					}
				}
				cfg.Rules = nil
				s.restart()
				persisted := fault == faultstore.UnknownPersisted || fault == faultstore.CrashPersisted
				if after := s.picture(); (after != before) != persisted {
					t.Errorf("the next process finds\n%s\nbefore\n%s", after, before)
				}
				if after := s.log(); (len(after) != len(logBefore)) != (persisted && !unlogged[name]) {
					t.Errorf("the next process finds in the log\n%+v\nbefore\n%+v", after, logBefore)
				}
				if err := mutate(v); err != nil && !persisted {
					t.Errorf("again: %v", err)
				}
				done := s.picture()
				s.restart()
				if s.picture() != done {
					t.Error("another restart changes something")
				}
			})
		}
	}
}
