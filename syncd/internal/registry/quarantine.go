package registry

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	// partBytes is how much of the changes of an item one record holds.
	partBytes = 200 << 10
	partsMax  = QuarantineItemMax / partBytes

	// itemOverhead is what an item counts besides its changes.
	itemOverhead = 512

	// evictedAtOnce is how many items go in one write, with up to five records each.
	evictedAtOnce = 150

	pathMax = 200 // bytes of a path or a reason
)

// shelf is what was refused on one board.
type shelf struct {
	items []*refusedRow // the oldest first
	bytes int
}

func compareRefused(a, b *refusedRow) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.id, b.id))
}

func (q *refusedRow) size() int {
	if q.Parts == 0 {
		return itemOverhead
	}
	return itemOverhead + q.Bytes
}

func (s *shelf) add(q *refusedRow) {
	s.items = append(s.items, q)
	s.bytes += q.size()
}

func (s *shelf) remove(gone map[string]struct{}) {
	s.items = slices.DeleteFunc(slices.Clone(s.items), func(q *refusedRow) bool {
		_, ok := gone[q.id]
		if ok {
			s.bytes -= q.size()
		}
		return ok
	})
}

// shelf needs mu.
func (r *Registry) shelf(board id.Document) *shelf {
	s := r.shelves[board]
	if s == nil {
		s = &shelf{}
		r.shelves[board] = s
	}
	return s
}

func (q *refusedRow) key() string { return q.board.String() + "/" + q.id }

func (q *refusedRow) partKey(part int) []byte {
	return fmt.Appendf(nil, "%s%s/%02d", keyRefusedPart, q.key(), part)
}

// Quarantine keeps changes that were refused; ID, At, Bytes and Dropped of the
// item are not read. The oldest of the board go when there are too many. Changes
// over QuarantineItemMax are not kept, only that they were refused. Of what one
// device had not sent UnsentItemsMax wait on a board; more is ErrTooMany.
func (r *Registry) Quarantine(item Refused, changes [][]byte) (Refused, error) {
	if len(item.Device) > nameMax || len(item.Member) > nameMax || len(item.Reason) > pathMax {
		return Refused{}, fmt.Errorf("%w: refused change", ErrInvalid)
	}
	var body []byte
	for _, c := range changes {
		body = binary.AppendUvarint(body, uint64(len(c)))
		body = append(body, c...)
	}
	q := &refusedRow{
		id: newName(), board: item.Board, Document: item.Document, Device: item.Device, Member: item.Member,
		Reason: item.Reason, Path: strings.ToValidUTF8(item.Path[:min(len(item.Path), pathMax)], ""), Bytes: len(body),
	}
	if len(body) <= QuarantineItemMax {
		q.Parts = max(1, (len(body)+partBytes-1)/partBytes)
	}
	for more := true; more; {
		err := r.change(func(d *draft) error {
			if r.boards[item.Board] == nil {
				return ErrUnknownBoard
			}
			if item.Reason == ReasonUnsent && d.unsent(item.Board, item.Device) >= UnsentItemsMax {
				return fmt.Errorf("what a device had not sent: %w", ErrTooMany)
			}
			if more = d.evict(q); !more {
				return d.quarantine(q, body)
			}
			return nil
		})
		if err != nil {
			return Refused{}, err
		}
	}
	return q.view(), nil
}

// unsent counts what waits of a device that it had not sent.
func (d *draft) unsent(board id.Document, device string) (n int) {
	if s := d.r.shelves[board]; s != nil {
		for _, q := range s.items {
			n += count(q.Device == device && q.Reason == ReasonUnsent)
		}
	}
	return n
}

// evict drafts that the oldest items go, and tells whether more have to go before
// there is room for q.
func (d *draft) evict(q *refusedRow) (more bool) {
	s := d.r.shelves[q.board]
	if s == nil {
		return false
	}
	bytes, left := s.bytes+q.size(), len(s.items)+1
	var gone []*refusedRow
	for _, old := range s.items {
		if left <= QuarantineItemsMax && bytes <= QuarantineBytesMax {
			break
		}
		if len(gone) == evictedAtOnce {
			more = true
			break
		}
		gone = append(gone, old)
		bytes, left = bytes-old.size(), left-1
	}
	d.dropRefused(q.board, gone)
	return more
}

func (d *draft) quarantine(q *refusedRow, body []byte) error {
	q.At = d.now
	if s := d.r.shelves[q.board]; s != nil && len(s.items) > 0 {
		q.Order = s.items[len(s.items)-1].Order + 1
	}
	rec, err := row(keyRefused, q.key(), q)
	if err != nil {
		return err
	}
	d.records = append(d.records, rec)
	for part := range q.Parts {
		from := part * partBytes
		d.records = append(d.records, store.Record{
			Key: q.partKey(part), Value: append([]byte{}, body[from:min(from+partBytes, len(body))]...),
		})
	}
	d.apply = append(d.apply, func() { d.r.shelf(q.board).add(q) })
	return nil
}

// dropRefused drafts that items go, at most evictedAtOnce.
func (d *draft) dropRefused(board id.Document, items []*refusedRow) {
	gone := map[string]struct{}{}
	for _, q := range items {
		gone[q.id] = struct{}{}
		d.records = append(d.records, store.Record{Key: []byte(keyRefused + q.key())})
		for part := range q.Parts {
			d.records = append(d.records, store.Record{Key: q.partKey(part)})
		}
	}
	if len(gone) > 0 {
		d.apply = append(d.apply, func() { d.r.shelf(board).remove(gone) })
	}
}

// Quarantined returns what was refused on a board, the latest first.
func (r *Registry) Quarantined(board id.Document) []Refused {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.shelves[board]
	if s == nil || len(s.items) == 0 {
		return nil
	}
	all := make([]Refused, 0, len(s.items))
	for _, q := range slices.Backward(s.items) {
		all = append(all, q.view())
	}
	return all
}

// QuarantinedOf counts what was refused of a member.
func (r *Registry) QuarantinedOf(member string) (n int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.shelves {
		for _, q := range s.items {
			n += count(q.Member == member)
		}
	}
	return n
}

// QuarantinedChanges reads the changes of an item; none if they were dropped.
// Errors: ErrUnknownItem, and store.ErrCorrupt.
func (r *Registry) QuarantinedChanges(board id.Document, item string) ([][]byte, error) {
	r.mu.RLock()
	q := r.refused(board, item)
	r.mu.RUnlock()
	if q == nil {
		return nil, ErrUnknownItem
	}
	var body []byte
	parts := 0
	prefix := []byte(keyRefusedPart + q.key() + "/")
	err := r.store.Records(prefix, func(_, value []byte) error {
		body = append(body, value...)
		parts++
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read refused change %s: %w", item, err)
	}
	if parts == 0 && q.Parts > 0 {
		return nil, ErrUnknownItem // it went meanwhile
	}
	changes, ok := cutChanges(body)
	if !ok || parts != q.Parts {
		return nil, fmt.Errorf("%w: refused change %s is not whole", store.ErrCorrupt, item)
	}
	return changes, nil
}

func cutChanges(body []byte) (changes [][]byte, ok bool) {
	for len(body) > 0 {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return nil, false
		}
		changes = append(changes, bytes.Clone(body[n:n+int(size)]))
		body = body[n+int(size):]
	}
	return changes, true
}

// refused needs mu.
func (r *Registry) refused(board id.Document, item string) *refusedRow {
	s := r.shelves[board]
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(s.items, func(q *refusedRow) bool { return q.id == item })
	if i < 0 {
		return nil
	}
	return s.items[i]
}

// DeleteQuarantined removes an item. Errors: ErrUnknownItem.
func (r *Registry) DeleteQuarantined(board id.Document, item, by string) error {
	return r.deleteRefused(board, item, func(d *draft, q *refusedRow) {
		d.note(entryRow{By: by, Act: ActRefusedDeleted, Boards: []id.Document{board}, Subject: q.Member, Object: item})
	})
}

func (r *Registry) deleteRefused(board id.Document, item string, note func(*draft, *refusedRow)) error {
	return r.change(func(d *draft) error {
		q := r.refused(board, item)
		if q == nil {
			return ErrUnknownItem
		}
		d.dropRefused(board, []*refusedRow{q})
		note(d, q)
		return nil
	})
}

// dropRefusedOf removes what was refused of a member who was forgotten, of which
// the audit log tells.
func (r *Registry) dropRefusedOf(member string) error {
	r.mu.RLock()
	var all []*refusedRow
	for _, s := range r.shelves {
		for _, q := range s.items {
			if q.Member == member {
				all = append(all, q)
			}
		}
	}
	r.mu.RUnlock()
	var errs []error
	for _, q := range all {
		if err := r.deleteRefused(q.board, q.id, func(*draft, *refusedRow) {}); !errors.Is(err, ErrUnknownItem) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
