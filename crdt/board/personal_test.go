package board

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"
)

type found struct{ Kind, Text string }

func findings(t *testing.T, text string) []found {
	t.Helper()
	all := []found{}
	for _, f := range FindPersonal(text) {
		all = append(all, found{f.Kind, text[f.Start:f.End]})
	}
	return all
}

func TestPersonal(t *testing.T) {
	v := vectors[struct {
		Words        struct{ Health, Suspicion []string }
		Descriptions struct {
			Words      int
			DA, NL, EN struct{ Who, Looks []string }
		}
		Detectors []struct {
			Kind, Pattern string
			Number        bool
		}
		Cases []struct {
			Text  string
			Found []found
		}
	}](t, "personal.json")
	if !slices.Equal(sortedKeys(healthWords), v.Words.Health) || !slices.Equal(sortedKeys(suspicionWords), v.Words.Suspicion) {
		t.Error("the words are not those of personal.json")
	}
	if x := v.Descriptions; x.Words != descriptionWords || len(descriptions) != 3 {
		t.Error("descriptions are not those of personal.json")
	}
	for lang, x := range map[string]struct{ Who, Looks []string }{"da": v.Descriptions.DA, "nl": v.Descriptions.NL, "en": v.Descriptions.EN} {
		if d := descriptions[lang]; !slices.Equal(sortedKeys(d.who), x.Who) || !slices.Equal(sortedKeys(d.looks), x.Looks) {
			t.Errorf("the words that describe a person in %s are not those of personal.json", lang)
		}
	}
	for i, d := range v.Detectors {
		if len(v.Detectors) != len(detectors) || detectors[i].kind != d.Kind || detectors[i].expr.String() != d.Pattern || detectors[i].number != d.Number {
			t.Errorf("detector %d is not that of personal.json", i)
		}
	}
	for _, c := range v.Cases {
		if got := findings(t, c.Text); !slices.Equal(got, c.Found) {
			t.Errorf("in %q: %q, want %q", c.Text, got, c.Found)
		}
	}
	for word := range healthWords {
		if suspicionWords[word] {
			t.Errorf("%q is in both lists", word)
		}
	}
}

// The lifelike posts of the demo have no personal data, and one word that may well
// give somebody a thought: "hospital".
func TestPersonalInLifelikePosts(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "data", "posts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var posts []struct {
		ID, Title, Body string
		Replies         []struct{ Body string }
		Offers          []struct{ Message string }
	}
	if err := json.Unmarshal(data, &posts); err != nil {
		t.Fatal(err)
	}
	hints := 0
	for _, p := range posts {
		texts := []string{p.Title, p.Body}
		for _, r := range p.Replies {
			texts = append(texts, r.Body)
		}
		for _, o := range p.Offers {
			texts = append(texts, o.Message)
		}
		for _, s := range texts {
			for _, f := range FindPersonal(s) {
				if hints++; !f.Hint() || hints > 1 {
					t.Errorf("post %s: %s %q in %q", p.ID, f.Kind, s[f.Start:f.End], s)
				}
			}
		}
	}
}

func FuzzFindPersonal(f *testing.F) {
	for _, s := range []string{"", "010170-1234", "+45 20 30 40 50", "a@b.dk", "Ågade 5", "syg\xff", "å 20304050€"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, x := range FindPersonal(s) {
			if x.Start < last || x.End <= x.Start || x.End > len(s) || utf8.ValidString(s) && !utf8.ValidString(s[x.Start:x.End]) {
				t.Fatalf("%+v in %q", x, s)
			}
			last = x.Start
		}
	})
}
