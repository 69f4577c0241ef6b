package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

func (s *server) refuse(b registry.Board, path string, changes ...[]byte) registry.Refused {
	s.t.Helper()
	q, err := s.Quarantine(registry.Refused{
		Board: b.ID, Document: id.Document{7}, Device: "device", Member: "member", Reason: "notYours", Path: path,
	}, changes)
	s.must(err)
	return q
}

func TestRefusedChangesWaitForReview(t *testing.T) {
	s := newServer(t)
	b, other := s.board("A"), s.board("B")
	large := bytes.Repeat([]byte("0123456789"), registry.QuarantineItemMax/10-1)
	want := map[string][][]byte{}
	for _, changes := range [][][]byte{{[]byte("one"), {}, []byte("three")}, {large}, nil} {
		want[s.refuse(b, "posts/x/title", changes...).ID] = changes
	}
	tooLarge := s.refuse(b, "", append(large, "and more than there is room for"...))
	if !tooLarge.Dropped || tooLarge.Bytes < registry.QuarantineItemMax {
		t.Errorf("item %+v", tooLarge)
	}
	elsewhere := s.refuse(other, "", []byte("x"))
	for range 2 {
		list := s.Quarantined(b.ID)
		if len(list) != 4 || list[0].ID != tooLarge.ID || s.QuarantinedOf("member") != 5 || s.QuarantinedOf("x") != 0 {
			t.Fatalf("refused: %+v", list)
		}
		if q := list[3]; q.Reason != "notYours" || q.Path != "posts/x/title" || q.Document != (id.Document{7}) || !q.At.Equal(s.clock()) || q.Dropped {
			t.Errorf("item %+v", q)
		}
		for item, changes := range want {
			if got, err := s.QuarantinedChanges(b.ID, item); err != nil || !slices.EqualFunc(got, changes, bytes.Equal) {
				t.Errorf("item %s: %d changes, %v; want %d", item, len(got), err, len(changes))
			}
		}
		if got, err := s.QuarantinedChanges(b.ID, tooLarge.ID); err != nil || len(got) != 0 {
			t.Errorf("what was dropped: %d changes, %v", len(got), err)
		}
		_, err := s.QuarantinedChanges(b.ID, elsewhere.ID)
		wantErr(t, "an item of another board", err, registry.ErrUnknownItem)
		wantErr(t, "deleting an item of another board", s.DeleteQuarantined(b.ID, elsewhere.ID, "x"), registry.ErrUnknownItem)
		s.restart()
	}
	for item := range want {
		s.must(s.DeleteQuarantined(b.ID, item, "x"))
	}
	s.must(s.DeleteQuarantined(other.ID, elsewhere.ID, "x"))
	s.restart()
	if list := s.Quarantined(b.ID); len(list) != 1 {
		t.Errorf("after deleting: %+v", list)
	}
	s.eachRecord(func(key, _ []byte) {
		if strings.HasPrefix(string(key), "q/") {
			t.Errorf("record %q is left", key)
		}
	})
	_, err := s.Quarantine(registry.Refused{Board: id.NewDocument()}, nil)
	wantErr(t, "of no board", err, registry.ErrUnknownBoard)
}

// The oldest go: when there are too many, and when they are too much.
// What a device had not sent, handed in all at once.
func TestUnsentItemsOfADevice(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	item := registry.Refused{Board: b.ID, Device: "d", Reason: registry.ReasonUnsent}
	var kept atomic.Int64
	var all sync.WaitGroup
	for range 2 * registry.UnsentItemsMax {
		all.Go(func() {
			_, err := s.Quarantine(item, [][]byte{[]byte("x")})
			if err == nil {
				kept.Add(1)
			} else if !errors.Is(err, registry.ErrTooMany) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(s.Quarantined(b.ID)); n != registry.UnsentItemsMax || kept.Load() != int64(n) {
		t.Errorf("%d items wait, %d were kept", n, kept.Load())
	}
	item.Device = "e"
	_, err := s.Quarantine(item, nil)
	s.must(err)
}

func TestTheQuarantineIsBounded(t *testing.T) {
	s := newServer(t)
	b, other := s.board("A"), s.board("B")
	kept := s.refuse(other, "", []byte("x"))
	for i := range registry.QuarantineItemsMax + 10 {
		s.refuse(b, fmt.Sprint(i), []byte("small"))
	}
	check := func(items int, newest, oldest string) {
		t.Helper()
		for range 2 {
			list := s.Quarantined(b.ID)
			if len(list) != items || list[0].Path != newest || list[items-1].Path != oldest {
				t.Fatalf("%d items from %q to %q, want %d from %q to %q", len(list), list[len(list)-1].Path, list[0].Path, items, oldest, newest)
			}
			s.restart()
		}
	}
	check(registry.QuarantineItemsMax, fmt.Sprint(registry.QuarantineItemsMax+9), "10")
	large := make([]byte, 700<<10)
	const fit = registry.QuarantineBytesMax / (700<<10 + 1024)
	for i := range 30 {
		s.refuse(b, fmt.Sprint("large ", i), large)
	}
	check(fit, "large 29", fmt.Sprint("large ", 30-fit))
	bytes := 0
	s.eachRecord(func(key, value []byte) {
		if strings.HasPrefix(string(key), "q/"+b.ID.String()) {
			bytes += len(value)
		}
	})
	if bytes > registry.QuarantineBytesMax || bytes < fit*len(large) {
		t.Errorf("%d bytes are stored", bytes)
	}
	if list := s.Quarantined(other.ID); len(list) != 1 || list[0].ID != kept.ID {
		t.Errorf("another board has %+v", list)
	}
}
