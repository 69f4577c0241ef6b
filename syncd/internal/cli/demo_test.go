package cli

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/examples/data"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

func read(t *testing.T, s store.Store, month string) board.Page {
	t.Helper()
	m, err := board.ParseMonth(month)
	if err != nil {
		t.Fatal(err)
	}
	h, err := (&demo{store: s}).open(board.PageDocument(board.DemoBoard(), m, 0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := board.ReadPage(h)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDemoBoard(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	now := time.Date(2026, 11, 8, 9, 0, 0, 0, time.UTC)
	first := demo{store: s, now: now}
	if err := first.load(data.Posts); err != nil {
		t.Fatal(err)
	}
	if !first.added || first.posts != 60 || first.pages != 2 {
		t.Fatalf("%d posts on %d pages", first.posts, first.pages)
	}
	h, err := first.open(board.DemoBoard())
	if err != nil {
		t.Fatal(err)
	}
	b, err := board.ReadBoard(h)
	if err != nil || !b.Demo || len(b.Languages) != 3 || len(b.HouseRules) != 3 {
		t.Errorf("the board is %+v: %v", b, err)
	}

	october, november := read(t, s, "2026-10"), read(t, s, "2026-11")
	view := board.NewView(b, []board.Page{october, november}, now.UnixMilli(), 0)
	posts := view.List(board.Filter{})
	if newest := time.UnixMilli(posts[0].CreatedAt.Millis).UTC(); newest.Format(time.DateOnly) != "2026-11-06" || newest.After(now) {
		t.Errorf("the newest post is of %s", newest)
	}
	kinds, langs, states := map[string]int{}, map[string]int{}, map[board.Status]int{}
	for _, p := range posts {
		kinds[p.Kind]++
		langs[p.Lang]++
		states[view.Status(&p)]++
		if p.Origin != "demo" || p.CreatedBy == "" || p.Lost == "" && p.Kind == "lostFound" {
			t.Errorf("post %s: %+v", p.ID, p)
		}
	}
	if len(kinds) != 10 || len(langs) != 3 || states[board.StatusClosed] != 21 || states[board.StatusExpired] != 3 {
		t.Errorf("kinds %v, languages %v, states %v", kinds, langs, states)
	}
	if cat := view.ByCode("z0m0"); len(cat) != 1 || !strings.Contains(cat[0].Title, "Misse") || cat[0].Outcome() != "foundHere" {
		t.Errorf("the cat: %+v", cat)
	}
	if grass := view.ByCode("g427"); len(grass) != 1 || len(grass[0].Terms) != 1 {
		t.Errorf("the grass: %+v", grass)
	} else if _, ok := grass[0].Agreed(); !ok {
		t.Error("nobody agreed to cut the grass")
	}
	if helped := view.ByCode("td1w"); len(helped) != 1 || len(helped[0].Helpers(nil)) != 1 {
		t.Errorf("the lamp: %+v", helped)
	}

	for _, p := range posts {
		last := p.CreatedAt
		for _, at := range slices.Concat(timesOf(p.Replies, func(r board.Reply) board.Time { return r.CreatedAt }),
			timesOf(p.Offers, func(o board.Offer) board.Time { return o.CreatedAt }),
			timesOf(p.Closings, func(c board.Closing) board.Time { return c.CreatedAt }),
			timesOf(p.Acks, func(a board.Ack) board.Time { return a.CreatedAt })) {
			if at.Compare(last) <= 0 || at.Millis > now.UnixMilli() {
				t.Errorf("post %s of %s has an answer of %s", p.ID, last, at)
			}
		}
	}
	if party := view.ByCode("mxqf")[0].When; party.End-party.Start != 3*hourMillis {
		t.Errorf("cleaning takes from %d to %d", party.Start, party.End)
	}
	if mowing := view.ByCode("g427")[0].When; (mowing.End-mowing.Start)/dayMillis < 37 { // both days count
		t.Errorf("the grass is cut from %d to %d", mowing.Start, mowing.End)
	}

	// Another day changes nothing, even past the end of the month.
	again := demo{store: s, now: now.AddDate(0, 1, 0)}
	if err := again.load(data.Posts); err != nil {
		t.Fatal(err)
	}
	if again.added || again.posts != 60 || again.replies != first.replies || again.offers != first.offers {
		t.Errorf("loaded again: %+v", again)
	}
}

func timesOf[T any](all []T, of func(T) board.Time) (times []board.Time) {
	for _, x := range all {
		times = append(times, of(x))
	}
	return times
}

// A client that opened the demo board before it was filled, and a load that was
// cut off before it was done.
func TestDemoBoardBegunByOthers(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	now := time.Date(2026, 6, 18, 22, 30, 0, 0, time.UTC) // already the 19th, a week after the newest, in Copenhagen
	d := demo{store: s, now: now}
	h, _ := d.open(board.DemoBoard())
	if _, err := h.Add(board.BoardGenesis()); err != nil {
		t.Fatal(err)
	}
	if err := d.commit(board.DemoBoard(), h, 0); err != nil {
		t.Fatal(err)
	}
	script, err := newScript(data.Posts, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.page(script, script.months()[0]); err != nil {
		t.Fatal(err)
	}
	later := demo{store: s, now: now.Add(time.Minute)}
	if err := later.load(data.Posts); err != nil {
		t.Fatal(err)
	}
	if later.posts != 60 || !later.added {
		t.Errorf("%d posts", later.posts)
	}
	newest := read(t, s, "2026-06").Posts[0]
	if got := time.UnixMilli(newest.CreatedAt.Millis).In(script.zone).Format(time.DateOnly); got != "2026-06-19" {
		t.Errorf("the newest post is of %s in Copenhagen", got)
	}
}

func TestDemoCommand(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	run := func(args ...string) (string, string, int) {
		var out, errs bytes.Buffer
		code := Run(context.Background(), Env{Args: append([]string{"demo"}, args...), Stdout: &out, Stderr: &errs}, Parts{
			OpenStore: func(string, bool, *slog.Logger) (store.Store, error) { return open{s}, nil },
			DemoPosts: data.Posts,
		})
		return out.String(), errs.String(), code
	}
	if out, errs, code := run(); code != ExitOK || out != board.DemoBoard().URL()+"\n" || !strings.Contains(errs, "60 posts") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := run(); code != ExitOK || out != board.DemoBoard().URL()+"\n" || !strings.Contains(errs, "there already") {
		t.Errorf("again, exit %d: %s%s", code, out, errs)
	}
	file := filepath.Join(t.TempDir(), "posts.json")
	if err := os.WriteFile(file, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + ".not"} {
		if out, errs, code := run("--posts", path); code != ExitWrong || out != "" || errs == "" {
			t.Errorf("%s: exit %d: %s%s", path, code, out, errs)
		}
	}
}

// open is a store that a command does not close.
type open struct{ store.Store }

func (open) Close() error { return nil }
