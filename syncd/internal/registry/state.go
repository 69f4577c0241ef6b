package registry

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Registry is who belongs. Its methods may be called by several goroutines at
// once. Those that change something return when it is durable; if one fails,
// nothing has changed. Errors of the store pass through: store.ErrFull, and
// store.ErrUnknownOutcome, after which the process ends (see Fatal).
type Registry struct {
	// Immutable after Open.
	store   store.Store
	now     func() time.Time
	log     *slog.Logger
	fatal   chan error // capacity 1; change sends
	damaged int

	// writing is held by who changes something, from looking to being durable;
	// so what it finds stays as it is. It is taken before mu.
	writing sync.Mutex

	mu sync.RWMutex
	// Guarded by mu. Rows are replaced, never changed.
	boards  map[id.Document]*boardRow
	members map[string]*memberRow
	devices map[string]*deviceRow
	invites map[string]*inviteRow
	revoked map[string]revocationRow
	shelves map[id.Document]*shelf
	posters map[string]*posterRow
	// What follows from them.
	boardMembers  map[id.Document]map[string]struct{}
	recruits      map[id.Document]map[string]struct{} // members with a recruitRow
	memberDevices map[string][]string
	byHash        map[[32]byte]string
	inviteGroups  map[string]map[string]struct{}
	moments       []stamp // when a grant begins or ends, in order
	operators     int
	audited       audited

	scans    scans                           // guarded by mu
	watchers map[string]map[*func()]struct{} // guarded by mu; by device
}

// Open reads the registry of a store. Records that are damaged are logged and
// counted by Damaged; what they said is not there, which never lets anybody in.
func Open(cfg Config) (*Registry, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Registry{
		store: cfg.Store, now: cfg.Now, log: cfg.Logger, fatal: make(chan error, 1),
		boards: map[id.Document]*boardRow{}, members: map[string]*memberRow{}, devices: map[string]*deviceRow{},
		invites: map[string]*inviteRow{}, revoked: map[string]revocationRow{}, shelves: map[id.Document]*shelf{},
		posters: map[string]*posterRow{}, boardMembers: map[id.Document]map[string]struct{}{},
		memberDevices: map[string][]string{}, byHash: map[[32]byte]string{}, inviteGroups: map[string]map[string]struct{}{},
		recruits: map[id.Document]map[string]struct{}{},
		scans:    scans{dirty: map[string]struct{}{}}, watchers: map[string]map[*func()]struct{}{},
	}
	if err := errors.Join(r.load(), r.openAudit()); err != nil {
		return nil, fmt.Errorf("open the registry: %w", err)
	}
	return r, nil
}

func (r *Registry) load() error {
	moments := map[stamp]struct{}{}
	err := r.store.Records([]byte(keysAll), func(key, value []byte) error {
		if err := r.loadRow(string(key), value, moments); err != nil {
			r.damaged++
			r.log.Error("a record of the registry is damaged", "record", string(key), "err", err)
		}
		return nil
	})
	for m := range moments {
		r.moments = append(r.moments, m)
	}
	slices.Sort(r.moments)
	for _, s := range r.shelves {
		slices.SortFunc(s.items, compareRefused)
	}
	for _, devices := range r.memberDevices {
		slices.SortFunc(devices, r.compareDevices)
	}
	if errors.Is(err, store.ErrCorrupt) {
		r.damaged += strings.Count(err.Error(), "\n") + 1
		r.log.Error("records are damaged: syncd check names them", "err", err)
		return nil
	}
	return err
}

// loadRow takes one record in. Nobody else has the registry yet.
func (r *Registry) loadRow(key string, value []byte, moments map[stamp]struct{}) (err error) {
	if len(key) < len(keyBoard) {
		return errors.New("the name is too short")
	}
	kind, name := key[:len(keyBoard)], key[len(keyBoard):]
	switch kind {
	case keyBoard:
		b := &boardRow{}
		if b.id, err = id.ParseDocument(name); err == nil {
			err = cbor.Unmarshal(value, b)
		}
		if err == nil {
			r.putBoard(b)
		}
	case keyMember:
		m := &memberRow{ref: name}
		if err = cbor.Unmarshal(value, m); err == nil {
			r.putMember(m, moments)
		}
	case keyDevice:
		d := &deviceRow{id: name}
		if err = cbor.Unmarshal(value, d); err == nil {
			d.live = &live{seen: d.Seen, written: d.Seen.At}
			r.putDevice(d)
		}
	case keyInvite:
		i := &inviteRow{id: name}
		if err = cbor.Unmarshal(value, i); err == nil {
			r.putInvite(i)
		}
	case keyRevocation:
		v := revocationRow{}
		err = cbor.Unmarshal(value, &v)
		r.revoked[name] = v // the name alone says enough
	case keyRefused:
		q := &refusedRow{}
		if q.board, q.id, err = refusedKey(name); err == nil {
			err = cbor.Unmarshal(value, q)
		}
		if err == nil && (q.Parts < 0 || q.Parts > partsMax || q.Bytes < 0 || q.Bytes > QuarantineItemMax && q.Parts > 0) {
			err = errors.New("a refused change of impossible size")
		}
		if err == nil {
			r.shelf(q.board).add(q)
		}
	case keyPoster:
		p := &posterRow{id: name}
		if err = cbor.Unmarshal(value, p); err == nil {
			r.posters[p.id] = p
			if p.Board == (id.Document{}) {
				r.scans.strange++
			}
		}
	}
	return err // an unknown kind is a newer version's
}

// The put functions take rows in and keep what follows from them. They need mu.

func (r *Registry) putBoard(b *boardRow) {
	if old := r.boards[b.id]; old != nil {
		b.pages = old.pages
	} else {
		b.pages = &pages{of: b.id, once: sync.OnceValue(func() *gate.Pages { return gate.NewPages(b.id) })}
	}
	r.boards[b.id] = b
}

func (r *Registry) putMember(m *memberRow, moments map[stamp]struct{}) {
	if old := r.members[m.ref]; old != nil {
		for _, g := range old.Grants {
			delete(r.boardMembers[g.Board], m.ref)
		}
		for _, was := range old.Recruited {
			delete(r.recruits[was.Board], m.ref)
		}
		r.operators -= count(old.Operator)
	}
	r.operators += count(m.Operator)
	r.members[m.ref] = m
	for _, is := range m.Recruited {
		if r.recruits[is.Board] == nil {
			r.recruits[is.Board] = map[string]struct{}{}
		}
		r.recruits[is.Board][m.ref] = struct{}{}
	}
	now := stampOf(r.now())
	for _, g := range m.Grants {
		of := r.boardMembers[g.Board]
		if of == nil {
			of = map[string]struct{}{}
			r.boardMembers[g.Board] = of
		}
		of[m.ref] = struct{}{}
		for _, at := range []stamp{g.From, g.Until} {
			if at > now {
				moments[at] = struct{}{}
			}
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *Registry) putDevice(d *deviceRow) {
	old := r.devices[d.id]
	r.devices[d.id] = d
	if old == nil { // a device never changes its member
		r.memberDevices[d.Member] = append(r.memberDevices[d.Member], d.id)
	}
}

// compareDevices needs mu.
func (r *Registry) compareDevices(a, b string) int {
	if c := r.devices[a].Added - r.devices[b].Added; c != 0 {
		return int(c)
	}
	return strings.Compare(a, b)
}

func (r *Registry) putInvite(i *inviteRow) {
	r.invites[i.id] = i
	r.byHash[i.Hash] = i.id
	group := r.inviteGroups[i.group()]
	if group == nil {
		group = map[string]struct{}{}
		r.inviteGroups[i.group()] = group
	}
	group[i.id] = struct{}{}
}

func (r *Registry) dropInvite(i *inviteRow) {
	delete(r.invites, i.id)
	delete(r.byHash, i.Hash)
	delete(r.inviteGroups[i.group()], i.id)
}

// Damaged is how many records could not be read.
func (r *Registry) Damaged() int { return r.damaged }

// Fatal receives one error when a write had an unknown outcome: the process must
// end, and opening the store again decides.
func (r *Registry) Fatal() <-chan error { return r.fatal }

// Close writes what was counted since it was last written. The store stays open.
func (r *Registry) Close() error { return r.writeScans() }
