package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// draft is a change of the registry that is being made. What it hands out to be
// edited is a copy; nobody sees it before it is durable.
type draft struct {
	r   *Registry
	now stamp

	boards      map[id.Document]*boardRow
	members     map[string]*memberRow
	devices     map[string]*deviceRow
	invites     map[string]*inviteRow
	dropped     []*inviteRow
	revocations map[string]revocationRow

	entries []entryRow     // of the audit log
	records []store.Record // others
	apply   []func()       // run with mu, once all is durable
}

// change makes a change: f drafts it, the store makes it durable, then it becomes
// visible, then who watches is told. An error means that nothing has changed;
// after an unknown outcome nobody knows, and the process ends.
func (r *Registry) change(f func(*draft) error) error {
	watchers, err := r.changeQuietly(f)
	for _, w := range watchers {
		w()
	}
	return err
}

func (r *Registry) changeQuietly(f func(*draft) error) ([]func(), error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	d := &draft{
		r: r, now: stampOf(r.now()),
		boards: map[id.Document]*boardRow{}, members: map[string]*memberRow{}, devices: map[string]*deviceRow{},
		invites: map[string]*inviteRow{}, revocations: map[string]revocationRow{},
	}
	if err := f(d); err != nil {
		return nil, err
	}
	if err := d.log(); err != nil {
		return nil, err
	}
	records, err := d.encode()
	if err != nil || len(records) == 0 {
		return nil, err
	}
	if err := r.store.PutRecords(records); err != nil {
		if errors.Is(err, store.ErrUnknownOutcome) {
			select {
			case r.fatal <- err:
			default: // it has been said
			}
		}
		return nil, fmt.Errorf("write the registry: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d.publish()
	return d.watchers(), nil
}

// The edit functions return a row to be changed; nil if there is none.

func (d *draft) board(board id.Document) *boardRow {
	if b := d.boards[board]; b != nil {
		return b
	}
	old := d.r.boards[board]
	if old == nil {
		return nil
	}
	b := *old
	d.boards[board] = &b
	return &b
}

func (d *draft) member(ref string) *memberRow {
	if m := d.members[ref]; m != nil {
		return m
	}
	old := d.r.members[ref]
	if old == nil {
		return nil
	}
	m := *old
	m.Grants, m.Recruited, m.Ended = slices.Clone(m.Grants), slices.Clone(m.Recruited), slices.Clone(m.Ended)
	d.members[ref] = &m
	return &m
}

func (d *draft) device(device string) *deviceRow {
	if v := d.devices[device]; v != nil {
		return v
	}
	old := d.r.devices[device]
	if old == nil {
		return nil
	}
	v := *old
	d.devices[device] = &v
	return &v
}

func (d *draft) invite(invite string) *inviteRow {
	if i := d.invites[invite]; i != nil {
		return i
	}
	old := d.r.invites[invite]
	if old == nil {
		return nil
	}
	i := *old
	d.invites[invite] = &i
	return &i
}

// peek is a member as the draft would leave it, only to be read.
func (d *draft) peek(ref string) *memberRow {
	if m := d.members[ref]; m != nil {
		return m
	}
	return d.r.members[ref]
}

// encode returns the records of the draft.
func (d *draft) encode() ([]store.Record, error) {
	records := d.records
	var errs []error
	add := func(prefix, name string, v any) {
		rec, err := row(prefix, name, v)
		records, errs = append(records, rec), append(errs, err)
	}
	for _, b := range d.boards {
		add(keyBoard, b.id.String(), b)
	}
	for _, m := range d.members {
		add(keyMember, m.ref, m)
	}
	d.r.mu.RLock() // what live says may change meanwhile
	for _, v := range d.devices {
		v.Seen = v.live.seen
		add(keyDevice, v.id, v)
	}
	d.r.mu.RUnlock()
	for _, i := range d.invites {
		add(keyInvite, i.id, i)
	}
	for _, i := range d.dropped {
		records = append(records, store.Record{Key: []byte(keyInvite + i.id)})
	}
	for device, v := range d.revocations {
		add(keyRevocation, device, v)
	}
	return records, errors.Join(errs...)
}

// publish makes the draft visible. It needs mu.
func (d *draft) publish() {
	r := d.r
	moments := map[stamp]struct{}{}
	for _, b := range d.boards {
		r.putBoard(b)
	}
	for _, m := range d.members {
		r.putMember(m, moments)
	}
	for _, v := range d.devices {
		v.live.written = v.Seen.At
		r.putDevice(v)
	}
	for _, i := range d.invites {
		r.putInvite(i)
	}
	for _, i := range d.dropped {
		r.dropInvite(i)
	}
	maps.Copy(r.revoked, d.revocations)
	r.addMoments(moments, d.now)
	for _, f := range d.apply {
		f()
	}
}

// watchers are those whose devices may have another principal now. It needs mu.
func (d *draft) watchers() (all []func()) {
	if len(d.r.watchers) == 0 {
		return nil
	}
	members := map[string]struct{}{}
	for ref := range d.members {
		members[ref] = struct{}{}
	}
	for board := range d.boards {
		for ref := range d.r.boardMembers[board] {
			members[ref] = struct{}{}
		}
	}
	devices := map[string]struct{}{}
	for device := range d.revocations {
		devices[device] = struct{}{}
	}
	for device := range d.devices {
		devices[device] = struct{}{}
	}
	for ref := range members {
		for _, device := range d.r.memberDevices[ref] {
			devices[device] = struct{}{}
		}
	}
	for device := range devices {
		for w := range d.r.watchers[device] {
			all = append(all, *w)
		}
	}
	return all
}
