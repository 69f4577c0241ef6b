package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	posterLen = 12

	// strangeMax is how many posters of which nobody has said whose they are are
	// counted, out of PostersMax: anybody can make up their numbers.
	strangeMax = PostersMax / 2

	// postersAtOnce is how many posters are written together, with up to 366 days
	// of some six bytes each.
	postersAtOnce = 200
)

// scans is what was counted and not written. It is guarded by the registry's mu.
type scans struct {
	dirty   map[string]struct{}
	written time.Time
	strange int // posters without a board
}

func isPoster(s string) bool { return len(s) == posterLen && strings.Trim(s, codeLetters) == "" }

// AddPoster says whose poster it is and what people call it. It may have been
// scanned before. A poster of another board is ErrInvalid. A board has
// BoardPostersMax at most.
func (r *Registry) AddPoster(board id.Document, poster, name string) error {
	name, err := label(name, LabelMax)
	if err != nil {
		return err
	}
	if !isPoster(poster) {
		return fmt.Errorf("%w: %.20q is no poster", ErrInvalid, poster)
	}
	return r.change(func(d *draft) error {
		if r.boards[board] == nil {
			return ErrUnknownBoard
		}
		r.mu.RLock()
		defer r.mu.RUnlock()
		p := posterRow{id: poster}
		old := r.posters[poster]
		switch {
		case old == nil && len(r.posters) >= PostersMax:
			return fmt.Errorf("posters: %w", ErrTooMany)
		case old != nil && old.Board != (id.Document{}) && old.Board != board:
			return fmt.Errorf("%w: the poster belongs to another board", ErrInvalid)
		case old != nil:
			p = *old
		}
		if p.Board != board && r.postersOf(board) >= BoardPostersMax {
			return fmt.Errorf("posters of a board: %w", ErrTooMany)
		}
		p.Board, p.Label = board, name
		rec, err := row(keyPoster, poster, &p)
		if err != nil {
			return err
		}
		d.records = append(d.records, rec)
		d.apply = append(d.apply, func() {
			// It may have been scanned meanwhile.
			now := r.posters[poster]
			if now != nil {
				p.Days, p.Earlier = now.Days, now.Earlier
				r.scans.strange -= count(now.Board == id.Document{})
			}
			r.posters[poster] = &p
		})
		return nil
	})
}

// RemovePoster removes a poster of a board with what was counted of it. The paper
// may hang on: a scan of it is then as one of a poster that nobody knows. Error:
// ErrUnknownPoster.
func (r *Registry) RemovePoster(board id.Document, poster string) error {
	return r.change(func(d *draft) error {
		r.mu.RLock()
		p := r.posters[poster]
		r.mu.RUnlock()
		if p == nil || p.Board != board {
			return ErrUnknownPoster
		}
		d.records = append(d.records, store.Record{Key: []byte(keyPoster + poster)})
		d.apply = append(d.apply, func() {
			delete(r.posters, poster)
			delete(r.scans.dirty, poster)
		})
		return nil
	})
}

// postersOf needs mu.
func (r *Registry) postersOf(board id.Document) (n int) {
	for _, p := range r.posters {
		n += count(p.Board == board)
	}
	return n
}

// Scan counts a scan of a poster, and keeps nothing about who did it. It is made
// durable at most every ScansEvery and by Close. Posters past PostersMax, and what
// is no poster, are not counted.
func (r *Registry) Scan(poster string) error {
	if !r.scan(poster) {
		return nil
	}
	return r.writeScans()
}

// scan counts and tells whether it is time to write.
func (r *Registry) scan(poster string) (due bool) {
	if !isPoster(poster) {
		return false
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &posterRow{id: poster}
	if old := r.posters[poster]; old != nil {
		*p = *old
	} else if r.scans.strange >= strangeMax || len(r.posters) >= PostersMax {
		return false
	} else {
		r.scans.strange++
	}
	p.scan(int(now.Unix() / int64(24*time.Hour/time.Second)))
	r.posters[poster] = p
	r.scans.dirty[poster] = struct{}{}
	if since := now.Sub(r.scans.written); since >= 0 && since < ScansEvery {
		return false
	}
	r.scans.written = now // also if it fails: the next try is in a minute
	return true
}

// scan adds one to a day.
func (p *posterRow) scan(today int) {
	i, found := slices.BinarySearchFunc(p.Days, today, func(d dayRow, day int) int { return cmp.Compare(d.Day, day) })
	p.Days = slices.Clone(p.Days)
	if !found {
		p.Days = slices.Insert(p.Days, i, dayRow{Day: today})
	}
	p.Days[i].Scans++
	for len(p.Days) > PosterDaysMax {
		p.Earlier += p.Days[0].Scans
		p.Days = p.Days[1:]
	}
}

// writeScans makes durable what was counted, if nothing is counted meanwhile.
func (r *Registry) writeScans() error {
	more := true
	for round := 0; more && round <= PostersMax/postersAtOnce; round++ {
		_, err := r.changeQuietly(func(d *draft) error {
			r.mu.RLock()
			defer r.mu.RUnlock()
			written := map[string]*posterRow{}
			for poster := range r.scans.dirty {
				if len(written) == postersAtOnce {
					break
				}
				p := r.posters[poster]
				rec, err := row(keyPoster, poster, p)
				if err != nil {
					return err
				}
				written[poster] = p
				d.records = append(d.records, rec)
			}
			more = len(written) < len(r.scans.dirty)
			d.apply = append(d.apply, func() {
				for poster, p := range written {
					if r.posters[poster] == p { // else it was scanned meanwhile
						delete(r.scans.dirty, poster)
					}
				}
			})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Scans returns the posters of a board, those scanned most first; of a zero board
// those that belong to none.
func (r *Registry) Scans(board id.Document) []Poster {
	var all []Poster
	r.mu.RLock()
	for _, p := range r.posters {
		if p.Board == board {
			all = append(all, p.view())
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b Poster) int { return cmp.Or(cmp.Compare(b.Scans, a.Scans), strings.Compare(a.ID, b.ID)) })
	return all
}

func (p *posterRow) view() Poster {
	v := Poster{ID: p.id, Label: p.Label, Board: p.Board, Scans: p.Earlier, Earlier: p.Earlier, Days: make([]Day, len(p.Days))}
	for i, d := range p.Days {
		v.Days[i] = Day{time.Unix(int64(d.Day)*int64(day)/1000, 0).UTC().Format(time.DateOnly), d.Scans}
		v.Scans += d.Scans
	}
	return v
}
