package rights

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/id"
)

// Beside the tests of this file, all servers of this package's tests go on with what their index becomes in storage,
// after each change.

// eventful is a page on which everything has happened that an index takes note of.
func eventful(t fataler) *server {
	s := newPageServer()
	carl, inger := onPage(t, "carl", member("carl", Connector)), onPage(t, "inger", member("inger", Resident))
	bo, finn := onPage(t, "bo", member("bo", Resident)), onPage(t, "finn", member("finn", Owner))
	kiosk := onPage(t, "kiosk", kioskOf("kiosk"))
	sofa := carl.forNeighbour("sofa")
	sofa.Tags = []string{"heavy", "today"}
	carl.must(carl.AddPost(noon, sofa))
	carl.must(carl.HandOver(noon, sofa.ID, board.NewHandover{ID: ident("handover"), Secret: secretOf("slip"), By: carl.ref}))
	carl.sync(s)
	for _, d := range []*device{bo, kiosk} {
		d.pull(s)
		d.must(d.OfferHelp(noon, sofa.ID, board.NewOffer{ID: ident("offer of " + d.name), CreatedBy: d.ref, Message: "gerne"}))
		d.must(d.Reply(noon, sofa.ID, board.NewReply{ID: ident("reply of " + d.name), Body: "Hvornår?", CreatedBy: d.ref}))
		d.sync(s)
	}
	carl.pull(s)
	carl.must(carl.AnswerOffer(noon, sofa.ID, ident("offer of bo"), board.NewVote{ID: ident("yes"), Is: "accepted", By: carl.ref}))
	carl.sync(s)
	inger.pull(s)
	inger.must(inger.Claim(noon, sofa.ID, claimOf(inger)))
	inger.sync(s)
	finn.pull(s)
	finn.must(finn.Moderate(noon, board.NewRecord{ID: ident("record"), Target: ident("reply of kiosk"), Action: "remove", Rule: "1", Facts: "x", By: finn.ref}))
	finn.sync(s)
	return s
}

// TestSavedIndex pins what is stored. A program of which this test fails
// makes another index of the same changes, or writes it otherwise: raise lawVersion, so that it does not go on
// with what the program before it has stored, and let the test know the new sum.
func TestSavedIndex(t *testing.T) {
	s := eventful(t)
	saved := s.x.Append([]byte("before"))
	saved, ok := bytes.CutPrefix(saved, []byte("before"))
	if sum := sha256.Sum256(saved); !ok || hex.EncodeToString(sum[:8]) != "da0c9ecb10816779" {
		t.Errorf("the index of %d entries is stored as %d bytes with the sum %x", len(s.x.entries), len(saved), sum[:8])
	}
}

// An index that something is wrong with is not used, and whatever it says leads nowhere.
func TestDamagedIndex(t *testing.T) {
	s := eventful(t)
	saved := s.x.Append(nil)
	for i := range saved {
		useDamaged(t, s, saved[:i])
		for _, bit := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(saved)
			damaged[i] ^= bit
			useDamaged(t, s, damaged)
		}
	}
	useDamaged(t, s, append(bytes.Clone(saved), 0))
	for name, damaged := range map[string][]byte{
		"empty": nil, "short": saved[:len(saved)-1], "long": append(bytes.Clone(saved), 0), "of other rules": append([]byte("other"), saved...),
	} {
		x := s.empty()
		if err := x.Restore(damaged, func(id.Actor) Author { return Author{} }); !errors.Is(err, ErrSaved) || summary(x) != summary(s.empty()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := newBoardServer().x.Restore(saved, func(id.Actor) Author { return Author{} }); !errors.Is(err, ErrSaved) {
		t.Errorf("the index of a page is that of a board: %v", err)
	}
}

// useDamaged restores what may be an index, and judges and adds the changes of the server by it.
func useDamaged(t *testing.T, s *server, data []byte) {
	t.Helper()
	x := s.empty()
	err := x.Restore(data, func(id.Actor) Author { return member("bo").Author })
	if err != nil {
		if !errors.Is(err, ErrSaved) {
			t.Fatal(err)
		}
		return
	}
	for i := range s.h.Len() {
		c := s.h.At(i)
		_ = x.Check(c, member("finn", Owner, Resident, Connector))
		x.Add(c, member("finn").Author)
	}
	x.Append(nil)
}

func FuzzRestore(f *testing.F) {
	s := eventful(f)
	f.Add(s.x.Append(nil))
	law := lawHash()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > len(law) {
			copy(data, law[:])
		}
		useDamaged(t, s, data)
	})
}
