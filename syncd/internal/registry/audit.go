package registry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// The audit log says who changed who may do what. An entry is written with what it
// tells of, all or nothing, and never altered: the oldest go, a few with each new
// one. It has ids and codes, and nothing that anybody wrote. It is not in memory:
// its entries are numbered in the order in which they came, and read by number.

// Limits of the audit log.
const (
	EntriesMax = 100_000 // the oldest go
	EntryAge   = 24      // months; what is older is not shown, and goes with the next acts

	// AuditPageMax is how many entries Audit returns at once.
	AuditPageMax = 200
)

const (
	keyEntry    = "a/"
	entryDigits = 13 // hexadecimal, so that names sort as numbers do
	blockDigits = 2  // entries whose names differ in these only are read together
	blockSize   = 1 << (4 * blockDigits)
	entriesEver = 1<<(4*entryDigits) - blockSize

	// agedAtOnce is how many old entries go with a new one.
	agedAtOnce = 32

	// auditLooksMax is how many entries one page is searched for in.
	auditLooksMax = 20_000

	// appliedBoardsMax is of how many boards the entry of a revocation from a list
	// tells, since many are written together.
	appliedBoardsMax = 50
)

// Act is what was done.
type Act string

// The acts. Others may be written by newer versions.
const (
	ActBoardCreated   Act = "boardCreated"
	ActBoardRenamed   Act = "boardRenamed"
	ActBoardArchived  Act = "boardArchived"
	ActBoardResumed   Act = "boardResumed"
	ActInvited        Act = "invited"       // Object: the invite, or the batch of letters
	ActInviteRevoked  Act = "inviteRevoked" // Object: the invite
	ActJoined         Act = "joined"        // Object: the invite
	ActDeviceAdded    Act = "deviceAdded"   // Object: the device
	ActOperatorMade   Act = "operatorMade"
	ActGranted        Act = "granted"
	ActUngranted      Act = "ungranted"
	ActRemoved        Act = "removed"
	ActDeviceRevoked  Act = "deviceRevoked" // Object: the device
	ActLeft           Act = "left"
	ActForgotten      Act = "forgotten"
	ActRefusedDeleted Act = "refusedDeleted" // Object: the item
)

// Entry is one act in the audit log.
type Entry struct {
	N       uint64 // greater than that of entries before it; from 1
	At      time.Time
	By      string // a member's ref, or who else did it: "operator", "setup", "server"
	Act     Act
	Boards  []id.Document // on which it changed something
	Subject string        // the ref of the member whom it concerns
	Object  string        // an id: see the acts
	Roles   rights.Roles  // given, taken away or offered
	Count   int           // of letters; of invites that ended with the roles
}

type entryRow struct {
	At      stamp         `cbor:"1,keyasint,omitempty"`
	By      string        `cbor:"2,keyasint,omitempty"`
	Act     Act           `cbor:"3,keyasint,omitempty"`
	Boards  []id.Document `cbor:"4,keyasint,omitempty"`
	Subject string        `cbor:"5,keyasint,omitempty"`
	Object  string        `cbor:"6,keyasint,omitempty"`
	Roles   rights.Roles  `cbor:"7,keyasint,omitempty"`
	Count   int           `cbor:"8,keyasint,omitempty"`
}

func (e *entryRow) view(n uint64) Entry {
	return Entry{n, e.At.time(), e.By, e.Act, e.Boards, e.Subject, e.Object, e.Roles, e.Count}
}

// audited is where the log begins and ends. It is guarded by the registry's mu;
// who holds writing may read it.
type audited struct {
	first, next uint64
	firstAt     stamp // of the first entry; 0 if it was not read yet
}

func entryKey(n uint64) string { return fmt.Sprintf("%s%0*x", keyEntry, entryDigits, n) }

func entryNumber(key string) (n uint64, ok bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(key, keyEntry), 16, 64)
	return n, err == nil && n > 0 && n < entriesEver && key == entryKey(n)
}

// note drafts an entry. Its time is that of the draft.
func (d *draft) note(e entryRow) {
	e.At = d.now
	d.entries = append(d.entries, e)
}

// log drafts the records of the entries, and that old ones go.
func (d *draft) log() error {
	if len(d.entries) == 0 {
		return nil
	}
	was := d.r.audited
	if was.next+uint64(len(d.entries)) >= entriesEver {
		return fmt.Errorf("entries of the audit log: %w", ErrTooMany)
	}
	is, err := d.age(was)
	if err != nil {
		return err
	}
	for _, e := range d.entries {
		rec, err := row(entryKey(is.next), "", &e)
		if err != nil {
			return err
		}
		d.records = append(d.records, rec)
		is.next++
	}
	d.apply = append(d.apply, func() { d.r.audited = is })
	return nil
}

// age drafts that old entries go: those over EntryAge, and those over EntriesMax.
func (d *draft) age(l audited) (audited, error) {
	oldest := oldestEntry(d.now)
	over := l.next-l.first+uint64(len(d.entries)) > EntriesMax
	if l.first == l.next || !over && l.firstAt >= oldest {
		return l, nil
	}
	most := uint64(agedAtOnce + len(d.entries))
	times := map[uint64]stamp{}
	for from := l.first; from <= l.first+most; from += blockSize - from%blockSize {
		err := d.r.entryBlock(from, func(n uint64, e *entryRow) { times[n] = e.At })
		if err != nil {
			return l, err
		}
	}
	end := min(l.first+most, l.next)
	for l.first < end && (over || times[l.first] < oldest) {
		d.records = append(d.records, store.Record{Key: []byte(entryKey(l.first))})
		l.first++
	}
	l.firstAt = times[l.first]
	return l, nil
}

// oldestEntry is before when entries are too old.
func oldestEntry(now stamp) stamp { return stampOf(now.time().AddDate(0, -EntryAge, 0)) }

// Audit returns entries of the log, the latest first: those that concern a board,
// of a zero board all; before the entry with the number before, if it is not 0; at
// most limit, which is AuditPageMax if it is 0 or more than that. If next is not 0
// there may be more before it, also when fewer or none were returned. Entries that
// are damaged are left out.
func (r *Registry) Audit(board id.Document, before uint64, limit int) (page []Entry, next uint64, err error) {
	if limit <= 0 || limit > AuditPageMax {
		limit = AuditPageMax
	}
	oldest := oldestEntry(stampOf(r.now()))
	r.mu.RLock()
	first, at := r.audited.first, r.audited.next
	r.mu.RUnlock()
	if before != 0 {
		at = min(at, before)
	}
	end := max(first, at-min(at, auditLooksMax))
	for at > end && len(page) < limit {
		var block []Entry
		if err := r.entryBlock(at-1, func(n uint64, e *entryRow) {
			if n < at && n >= end && e.At >= oldest && (board == (id.Document{}) || slices.Contains(e.Boards, board)) {
				block = append(block, e.view(n))
			}
		}); err != nil {
			return nil, 0, fmt.Errorf("read the audit log: %w", err)
		}
		slices.SortFunc(block, func(a, b Entry) int { return cmp.Compare(b.N, a.N) })
		at = max(end, (at-1)-(at-1)%blockSize)
		if room := limit - len(page); len(block) > room {
			block = block[:room]
			at = block[room-1].N
		}
		page = append(page, block...)
	}
	if at <= first {
		at = 0
	}
	return page, at, nil
}

// entryBlock reads the entries that are read together with n.
func (r *Registry) entryBlock(n uint64, yield func(n uint64, e *entryRow)) error {
	name := entryKey(n)
	return r.entries(name[:len(name)-blockDigits], yield)
}

// entries reads those whose names have the prefix, in their order. There may be any gap between two.
func (r *Registry) entries(prefix string, yield func(n uint64, e *entryRow)) error {
	err := r.store.Records([]byte(prefix), func(key, value []byte) error {
		e := entryRow{}
		if n, ok := entryNumber(string(key)); ok && cbor.Unmarshal(value, &e) == nil {
			yield(n, &e)
		}
		return nil
	})
	if errors.Is(err, store.ErrCorrupt) {
		return nil // syncd check names them
	}
	return err
}

// openAudit finds where the log begins and ends, without reading all of it.
func (r *Registry) openAudit() error {
	first, found, err := r.firstEntry(keyEntry)
	if err != nil {
		return err
	}
	r.audited = audited{first: 1, next: 1}
	if !found {
		return nil
	}
	last, _, err := r.lastEntry(keyEntry)
	r.audited = audited{first: first, next: last + 1}
	return err
}

var errEnough = errors.New("that is enough")

// firstEntry is the number of the first entry whose name has the prefix.
func (r *Registry) firstEntry(prefix string) (n uint64, found bool, err error) {
	err = r.store.Records([]byte(prefix), func(key, _ []byte) error {
		if n, found = entryNumber(string(key)); found {
			return errEnough
		}
		return nil
	})
	if found || errors.Is(err, store.ErrCorrupt) {
		err = nil
	}
	return n, found, err
}

// lastEntry is the last one: it looks for the digits of its name, one by one.
func (r *Registry) lastEntry(prefix string) (n uint64, found bool, err error) {
	if len(prefix) == len(keyEntry)+entryDigits {
		return r.firstEntry(prefix)
	}
	for digit := 15; digit >= 0; digit-- {
		deeper := prefix + strconv.FormatInt(int64(digit), 16)
		if _, found, err = r.firstEntry(deeper); err != nil {
			return 0, false, err
		}
		if found {
			return r.lastEntry(deeper)
		}
	}
	return 0, false, nil
}
