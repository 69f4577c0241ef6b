package registry_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// acts are those of a log, the earliest first.
func acts(log []registry.Entry) (all []registry.Act) {
	for _, e := range slices.Backward(log) {
		all = append(all, e.Act)
	}
	return all
}

func TestTheLogTellsWhoDidWhat(t *testing.T) {
	s := newServer(t)
	b, err := s.CreateBoard(registry.BoardSpec{Title: "Lindeparken", Lang: "da"}, "operator")
	s.must(err)
	other := s.board("B")
	owner, m := s.join(b, rights.Owner), s.join(b, rights.Resident)
	s.join(other, rights.Owner)
	by, ref := owner.Member.Ref, m.Member.Ref
	from := s.log()[0].N
	s.must(s.RenameBoard(b.ID, "Linde", by))
	s.must(s.RenameBoard(b.ID, "Linde", by))
	letters, err := s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident, By: by}, 3)
	s.must(err)
	s.must(s.RevokeInviteBy(letters[0].Invite.ID, by))
	s.must(s.RevokeInviteBy(letters[0].Invite.ID, by))
	s.must(s.Grant(ref, b.ID, rights.Moderator, time.Time{}, time.Time{}, by))
	s.must(errOf(s.Ungrant(ref, b.ID, rights.Moderator, by)))
	s.must(errOf(s.Ungrant(ref, b.ID, rights.Moderator, by)))
	wantErr(t, "the last owner", errOf(s.Ungrant(by, b.ID, rights.Owner, by)), registry.ErrLastOwner)
	_, code := s.invite(registry.InviteSpec{Member: ref, By: ref})
	second := s.redeem(code, newDevice())
	s.must(s.RevokeDevice(second.Device.ID, by))
	s.must(s.RevokeDevice(second.Device.ID, by))
	item := s.refuse(b, "p", []byte("x"))
	s.must(s.DeleteQuarantined(b.ID, item.ID, by))
	s.must(errOf(s.Remove(ref, b.ID, by)))
	s.must(s.ArchiveBoard(b.ID, true, by))
	s.must(s.ArchiveBoard(b.ID, true, by))
	s.must(s.ArchiveBoard(b.ID, false, by))
	s.must(s.Forget(ref, "operator"))
	s.must(s.Forget(ref, "operator"))
	for range 2 {
		log := s.log()
		log = log[:log[0].N-from]
		want := []registry.Act{"boardRenamed", "invited", "inviteRevoked", "granted", "ungranted", "invited", "deviceAdded",
			"deviceRevoked", "refusedDeleted", "removed", "boardArchived", "boardResumed", "forgotten"}
		if got := acts(log); !slices.Equal(got, want) {
			t.Errorf("the log has\n%v, want\n%v", got, want)
		}
		slices.Reverse(log)
		moderator := rights.RolesOf(rights.Moderator)
		for n, want := range map[int]registry.Entry{
			1: {Act: "invited", By: by, Object: letters[0].Invite.Batch, Roles: resident, Count: 3},
			3: {Act: "granted", By: by, Subject: ref, Roles: moderator},
			4: {Act: "ungranted", By: by, Subject: ref, Roles: moderator},
			6: {Act: "deviceAdded", By: ref, Subject: ref, Object: second.Device.ID},
			7: {Act: "deviceRevoked", By: by, Subject: ref, Object: second.Device.ID},
			9: {Act: "removed", By: by, Subject: ref, Roles: resident},
		} {
			want.N, want.At, want.Boards = from+1+uint64(n), s.clock(), []id.Document{b.ID}
			if got := log[n]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("entry %+v, want %+v", got, want)
			}
		}
		s.restart()
	}
	s.eachRecord(func(key, value []byte) {
		for _, text := range []string{"Linde", "Ann", "phone"} {
			if bytes.HasPrefix(key, []byte("a/")) && bytes.Contains(value, []byte(text)) {
				t.Errorf("entry %s has %q", key, text)
			}
		}
	})
	elsewhere, _, err := s.Audit(other.ID, 0, 0)
	s.must(err)
	if got := acts(elsewhere); !slices.Equal(got, []registry.Act{"boardCreated", "invited", "joined"}) {
		t.Errorf("the other board has %v", got)
	}
}

// fill puts n entries before the next start, as if they had been written.
func (s *server) fill(n int) {
	s.t.Helper()
	disk := s.open()
	var value []byte
	s.must(disk.Records([]byte("a/"), func(_, v []byte) error { value = v; return nil }))
	var records []store.Record
	for at := 1; at <= n; at++ {
		records = append(records, store.Record{Key: fmt.Appendf(nil, "a/%013x", at), Value: value})
		if len(records) == store.RecordsMax || at == n {
			s.must(disk.PutRecords(records))
			records = nil
		}
	}
	s.restart()
}

func (s *server) entries() (n int, first string) {
	s.eachRecord(func(key, _ []byte) {
		if bytes.HasPrefix(key, []byte("a/")) {
			if n++; first == "" {
				first = string(key)
			}
		}
	})
	return n, first
}

func TestTheLogIsReadByPage(t *testing.T) {
	s := newServer(t)
	b, other := s.board("A"), s.board("B")
	s.fill(700) // of b's making: the last of the two is copied
	_ = b
	for _, limit := range []int{1, 7, 200, 0} {
		var got []uint64
		before := uint64(0)
		for calls := 0; ; calls++ {
			page, next, err := s.Audit(other.ID, before, limit)
			s.must(err)
			if limit > 0 && len(page) > limit || calls > 800 {
				t.Fatalf("limit %d: %d entries in call %d", limit, len(page), calls)
			}
			for _, e := range page {
				got = append(got, e.N)
			}
			if before = next; next == 0 {
				break
			}
		}
		if len(got) != 700 || got[0] != 700 || got[699] != 1 || !slices.IsSortedFunc(got, func(a, b uint64) int { return int(b) - int(a) }) {
			t.Errorf("limit %d: %d entries: %v", limit, len(got), got)
		}
	}
	if page, next, err := s.Audit(b.ID, 0, 0); err != nil || len(page) != 0 || next != 0 {
		t.Errorf("another board: %v, next %d, %v", page, next, err)
	}
}

func TestTheLogIsBounded(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	s.fill(registry.EntriesMax)
	for n := range 80 {
		s.must(s.RenameBoard(b.ID, fmt.Sprint("B", n), "operator"))
		if n == 40 {
			s.restart()
		}
	}
	n, first := s.entries()
	if n > registry.EntriesMax || n < registry.EntriesMax-40 {
		t.Errorf("%d entries, from %s", n, first)
	}
	if log := s.log(); log[0].N != registry.EntriesMax+80 || log[0].Act != registry.ActBoardRenamed {
		t.Errorf("the latest is %+v", log[0])
	}
	// A board of which nothing is told is not looked for for ever.
	calls, before := 0, uint64(0)
	for {
		page, next, err := s.Audit(id.NewDocument(), before, 0)
		s.must(err)
		if calls++; len(page) > 0 || calls > 10 {
			t.Fatalf("call %d: %d entries", calls, len(page))
		}
		if before = next; next == 0 {
			break
		}
	}
	if calls < 3 {
		t.Errorf("all is looked at in %d calls", calls)
	}
}

func TestOldEntriesGo(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	s.fill(100)
	s.pass(2 * 366 * 24 * time.Hour)
	if log := s.log(); len(log) != 0 {
		t.Errorf("%d entries are shown after two years", len(log))
	}
	for n := range 4 {
		s.must(s.RenameBoard(b.ID, fmt.Sprint(n), "operator"))
		s.restart()
	}
	if n, first := s.entries(); n != 4 || first != fmt.Sprintf("a/%013x", 101) {
		t.Errorf("%d entries from %s are stored", n, first)
	}
	if log := s.log(); len(log) != 4 || log[0].N != 104 {
		t.Errorf("the log has %+v", log)
	}
}

// A large batch of letters, of revocations and of old entries fit one write each.
func TestLargeActsFit(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	var list []registry.Revocation
	for range 450 {
		list = append(list, registry.Revocation{Device: s.join(b, rights.Resident).Device.ID})
	}
	s.fill(1000)
	s.pass(2 * 366 * 24 * time.Hour)
	n, err := s.ApplyRevocations(list)
	if err != nil || n != len(list) || len(s.log()) != registry.AuditPageMax {
		t.Errorf("%d applied, %v, %d entries", n, err, len(s.log()))
	}
	_, err = s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident}, registry.LettersMax)
	s.must(err)
}

// Who has given a board away has no code left with which to come back: neither with the
// old key, nor with a new one. Letters to residents work as long as who made them belongs.
func TestInvitesOfAFormerOwner(t *testing.T) {
	s := newServer(t)
	b, other := s.board("A"), s.board("B")
	phone := newDevice()
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(rights.Owner)})
	old, fresh := s.redeem(code, phone), s.join(b, rights.Owner)
	ref, by := old.Member.Ref, fresh.Member.Ref
	s.must(s.Grant(ref, other.ID, rights.Owner, time.Time{}, time.Time{}, "operator"))
	s.must(s.Grant(ref, b.ID, rights.Resident, time.Time{}, time.Time{}, by))
	all := []rights.Roles{rights.RolesOf(rights.Resident, rights.Observer)}
	for _, role := range rights.AllRoles() {
		all = append(all, rights.RolesOf(role))
	}
	codes := map[rights.Roles]string{}
	for _, roles := range all {
		_, codes[roles] = s.invite(registry.InviteSpec{Board: b.ID, Roles: roles, Uses: 100, By: ref})
	}
	_, others := s.invite(registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(rights.Moderator), Uses: 100, By: by})
	_, elsewhere := s.invite(registry.InviteSpec{Board: other.ID, Roles: rights.RolesOf(rights.Owner), Uses: 100, By: ref})
	want := func(when string, works func(rights.Roles) bool) {
		t.Helper()
		for range 2 {
			open := 0
			for roles, code := range codes {
				_, err := s.Redeem(code, newDevice())
				if works(roles) != (err == nil) || err != nil && err != registry.ErrCode {
					t.Errorf("%s: an invite of %s: %v", when, roles, err)
				}
				if works(roles) {
					open++
				}
			}
			for _, i := range s.Invites(b.ID) {
				if i.By == ref && i.Open(s.clock()) {
					open--
				}
			}
			if open != 0 {
				t.Errorf("%s: %d too few of the invites are open", when, open)
			}
			s.redeem(others, newDevice())
			s.redeem(elsewhere, newDevice())
			s.restart()
		}
	}
	ended := func(when string, want int) func(int, error) {
		return func(got int, err error) {
			t.Helper()
			if s.must(err); got != want || s.log()[0].Count != want {
				t.Errorf("%s: %d invites ended, the log says %d, want %d", when, got, s.log()[0].Count, want)
			}
		}
	}
	want("an owner", func(rights.Roles) bool { return true })
	s.must(s.Grant(ref, b.ID, rights.Deputy, time.Time{}, time.Time{}, by))
	ended("no owner any more", 2)(s.Ungrant(ref, b.ID, rights.Owner, by))
	want("a deputy", func(r rights.Roles) bool { return !r.Any(rights.RolesOf(rights.Owner, rights.Deputy)) })
	ended("no deputy any more", len(all)-3)(s.Ungrant(ref, b.ID, rights.Deputy, by))
	want("a resident", func(r rights.Roles) bool { return r == resident })
	ended("taken off the board", 1)(s.Remove(ref, b.ID, by))
	want("nobody", func(rights.Roles) bool { return false })
	for roles, code := range codes {
		_, err := s.Redeem(code, phone)
		wantErr(t, "the old device with an invite of "+roles.String(), err, registry.ErrCode)
	}
	s.must(s.Grant(ref, b.ID, rights.Observer, time.Time{}, s.clock().Add(time.Hour), by))
	want("a guest for an hour", func(r rights.Roles) bool { return r == resident })
	s.pass(time.Hour)
	want("the hour is over", func(rights.Roles) bool { return false })
}

func TestAmbassadorsAreCountedOnceByYear(t *testing.T) {
	s := newServer(t) // in November 2026
	b, other := s.board("A"), s.board("B")
	owner := s.join(b, rights.Owner)
	ann, bo, cai := s.join(b, rights.Resident), s.join(b, rights.Ambassador), s.join(b, rights.Resident)
	want := func(what string, years ...registry.Year) {
		t.Helper()
		for range 2 {
			if got := s.Count(b.ID).Ambassadors; !slices.Equal(got, years) {
				t.Errorf("%s: %v, want %v", what, got, years)
			}
			s.restart()
		}
	}
	grant := func(m registry.Joined, from time.Time) {
		t.Helper()
		s.must(s.Grant(m.Member.Ref, b.ID, rights.Ambassador, from, time.Time{}, owner.Member.Ref))
	}
	want("one joined as one", registry.Year{2026, 1})
	grant(ann, time.Time{})
	want("two", registry.Year{2026, 2})
	grant(cai, s.clock().Add(100*24*time.Hour)) // 2027
	want("one begins later", registry.Year{2026, 2})
	s.must(errOf(s.Ungrant(cai.Member.Ref, b.ID, rights.Ambassador, "")))
	s.must(errOf(s.Ungrant(ann.Member.Ref, b.ID, rights.Ambassador, "")))
	s.pass(200 * 24 * time.Hour)
	want("one never began, one is no more", registry.Year{2026, 2})
	grant(ann, time.Time{})
	grant(bo, time.Time{})
	grant(cai, time.Time{})
	want("one again, one anew, one for the first time", registry.Year{2026, 2}, registry.Year{2027, 1})
	s.must(errOf(s.Remove(ann.Member.Ref, b.ID, "")))
	s.must(s.Leave(bo.Member.Ref))
	want("two are gone", registry.Year{2026, 2}, registry.Year{2027, 1})
	for range 2 {
		s.must(s.Forget(ann.Member.Ref, ""))
		s.must(s.Forget(cai.Member.Ref, ""))
		want("two are forgotten", registry.Year{2026, 2}, registry.Year{2027, 1})
	}
	s.eachRecord(func(key, value []byte) {
		for _, m := range []registry.Joined{ann, cai} {
			if string(key) == "r/m/"+m.Member.Ref && bytes.Contains(value, b.ID[:]) {
				t.Errorf("%s was forgotten, and its record has the board", m.Member.Ref)
			}
		}
	})
	if got := s.Count(other.ID).Ambassadors; len(got) != 0 {
		t.Errorf("the other board counts %v", got)
	}
}
