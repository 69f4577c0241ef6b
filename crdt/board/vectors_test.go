package board

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/tavle-org/tavle/crdt/id"
)

// vectors reads a file of crdt/testdata/board, which was written in JavaScript.
func vectors[T any](t *testing.T, name string) T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "board", name))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func document(t *testing.T, s string) (d id.Document) {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) {
		t.Fatalf("document %q: %v", s, err)
	}
	return id.Document(b)
}

type named struct{ Hex, ID string }

func TestIDs(t *testing.T) {
	v := vectors[struct {
		DemoBoard named
		Boards    []named
		Pages     []struct {
			Board, Month string
			Epoch        uint32
			named
		}
		Entries []struct {
			named
			Code string
		}
		NotIDs, NotCodes []string
		Codes            []struct{ Said, Code string }
	}](t, "ids.json")
	if got := DemoBoard(); got.String() != v.DemoBoard.ID || got != document(t, v.DemoBoard.Hex) {
		t.Errorf("demo board %s, want %s", got, v.DemoBoard.ID)
	}
	for _, p := range v.Pages {
		month, err := ParseMonth(p.Month)
		if err != nil {
			t.Fatal(err)
		}
		got := PageDocument(document(t, p.Board), month, p.Epoch)
		if got != document(t, p.Hex) || got.String() != p.ID {
			t.Errorf("page %s of %s, epoch %d: %s, want %s", p.Month, p.Board, p.Epoch, got, p.ID)
		}
	}
	for _, e := range v.Entries {
		got := IDFromBytes(document(t, e.Hex))
		if string(got) != e.ID || Code(got) != e.Code {
			t.Errorf("%s: id %s and code %s, want %s and %s", e.Hex, got, Code(got), e.ID, e.Code)
		}
		if again, err := ParseID(e.ID); err != nil || again != got {
			t.Errorf("%s is read as %q: %v", e.ID, again, err)
		}
	}
	for _, s := range v.NotIDs {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q is read as an id", s)
		}
	}
	for _, c := range v.Codes {
		if got, err := ParseCode(c.Said); err != nil || got != c.Code {
			t.Errorf("%q is read as %q: %v", c.Said, got, err)
		}
	}
	for _, s := range v.NotCodes {
		if c, err := ParseCode(s); err == nil {
			t.Errorf("%q is read as the code %q", s, c)
		}
	}
}

func TestGenesis(t *testing.T) {
	type change struct{ Hex, Hash string }
	v := vectors[struct {
		Actor string
		Board change
		Pages []struct {
			Board, Month string
			Epoch        uint32
			change
		}
	}](t, "genesis.json")
	if got := genesisActor().String(); got != v.Actor {
		t.Errorf("actor %s, want %s", got, v.Actor)
	}
	if c := BoardGenesis(); hex.EncodeToString(c.Bytes()) != v.Board.Hex || c.Hash.String() != v.Board.Hash {
		t.Errorf("board: %x, want %s", c.Bytes(), v.Board.Hex)
	}
	for _, p := range v.Pages {
		month, err := ParseMonth(p.Month)
		if err != nil {
			t.Fatal(err)
		}
		c := PageGenesis(document(t, p.Board), month, p.Epoch)
		if hex.EncodeToString(c.Bytes()) != p.Hex || c.Hash.String() != p.Hash {
			t.Errorf("page %s: %x, want %s", p.Month, c.Bytes(), p.Hex)
		}
	}
}

func TestMonths(t *testing.T) {
	v := vectors[struct {
		Of []struct {
			MS              int64
			At, Zone, Month string
		}
		Steps     []struct{ Month, Next string }
		NotMonths []string
	}](t, "months.json")
	for _, m := range v.Of {
		zone, err := time.LoadLocation(m.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := MonthOf(m.MS, zone).String(); got != m.Month {
			t.Errorf("%s in %s is in %s, want %s", m.At, m.Zone, got, m.Month)
		}
	}
	for _, s := range v.Steps {
		a, errA := ParseMonth(s.Month)
		b, errB := ParseMonth(s.Next)
		if errA != nil || errB != nil || a.Next() != b || b.Prev() != a || a.String() != s.Month {
			t.Errorf("%s then %s: next %s, previous %s", s.Month, s.Next, a.Next(), b.Prev())
		}
	}
	for _, s := range v.NotMonths {
		if m, err := ParseMonth(s); err == nil {
			t.Errorf("%q is read as %s", s, m)
		}
	}
}

func TestClock(t *testing.T) {
	v := vectors[struct {
		Times []struct {
			Millis  int64
			Counter uint16
			Text    string
		}
		NotTimes  []string
		Sequences []struct {
			Says  string
			Steps []struct {
				See, Make string
				Now       int64
			}
		}
	}](t, "clock.json")
	for i, x := range v.Times {
		got, err := ParseTime(x.Text)
		if err != nil || got != (Time{x.Millis, x.Counter}) || got.String() != x.Text {
			t.Errorf("%s is read as %s: %v", x.Text, got, err)
		}
		if i > 0 {
			before, _ := ParseTime(v.Times[i-1].Text)
			if before.Compare(got) != -1 || got.Compare(before) != 1 || v.Times[i-1].Text >= x.Text {
				t.Errorf("%s does not come before %s", before, got)
			}
		}
	}
	for _, s := range v.NotTimes {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("%q is read as %s", s, got)
		}
	}
	for _, s := range v.Sequences {
		t.Run(s.Says, func(t *testing.T) {
			var c Clock
			for i, step := range s.Steps {
				if step.See != "" {
					seen, err := ParseTime(step.See)
					if err != nil {
						t.Fatal(err)
					}
					c.See(seen, step.Now)
				} else if got := c.Next(step.Now).String(); got != step.Make {
					t.Errorf("step %d at %d makes %s, want %s", i, step.Now, got, step.Make)
				}
			}
		})
	}
}

func TestWords(t *testing.T) {
	v := vectors[struct {
		Letters map[string]string
		Texts   []struct {
			Text  string
			Words []string
		}
	}](t, "words.json")
	for letter, want := range v.Letters {
		if got := Fold(letter); got != want {
			t.Errorf("%s is folded to %q, want %q", letter, got, want)
		}
	}
	for _, x := range v.Texts {
		if got := Words(x.Text); !slices.Equal(got, x.Words) {
			t.Errorf("%q has the words %q, want %q", x.Text, got, x.Words)
		}
	}
}
