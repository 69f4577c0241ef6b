package rights

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// What members do with the TypeScript client is accepted; testdata/typescript.mjs
// says what that is.
func TestTypeScriptIsLetThrough(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "typescript.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Board, Month string
		Said         []struct {
			Says, Document string
			Changes        []struct{ By, Hex string }
		}
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	doc, err := id.ParseDocument(all.Board)
	if err != nil {
		t.Fatal(err)
	}
	month, err := board.ParseMonth(all.Month)
	if err != nil || len(all.Said) != 3 {
		t.Fatalf("%d documents: %v", len(all.Said), err)
	}
	roles := map[string]Role{"carl": Connector, "dina": Matchmaker, "eva": Moderator, "finn": Owner, "gry": Deputy}
	for _, v := range all.Said {
		t.Run(v.Says, func(t *testing.T) {
			s := newServer(func() *Index { return NewPage(doc, month, 0) })
			if v.Document == "board" {
				s = newBoardServer()
			}
			for i, c := range v.Changes {
				p := member(c.By, Resident)
				if r, ok := roles[c.By]; ok {
					p.Roles = RolesOf(r)
				}
				if c.By == "kiosk" {
					p = kioskOf(c.By)
				}
				data, err := hex.DecodeString(c.Hex)
				if err != nil {
					t.Fatal(err)
				}
				change, err := chunk.ParseChange(data, chunk.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.h.AddFrom(change, p); err != nil {
					t.Errorf("change %d, by %s: %v", i, c.By, err)
				}
			}
			if page, err := board.ReadPage(s.h); v.Says == "a page" && (err != nil || len(page.Posts) != 5 || s.h.Len() != len(v.Changes)) {
				t.Errorf("%d posts of 5: %v", len(page.Posts), err)
			}
		})
	}
}
