package cli

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // a small box may have no time zones of its own

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

type demoCmd struct {
	config.Store `embed:""`
	Posts        string `placeholder:"FILE" help:"Take the posts from FILE, in the form of examples/data/posts.json (default: those that come with syncd)."`
}

func (*demoCmd) Help() string {
	return `Fills the demo board: a board of a neighbourhood that does not exist, marked as a demo, with posts of the last weeks, the newest of the last seven days. Prints the URL of its document. A demo board that is there already is left as it is. The store must not be in use by a running syncd.`
}

func (c *demoCmd) Run(a *app) error {
	posts := a.parts.DemoPosts
	if c.Posts != "" {
		var err error
		if posts, err = os.ReadFile(c.Posts); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	s, err := a.openStore(c.Data, true)
	if err != nil {
		return err
	}
	defer s.Close()
	d := demo{store: s, now: time.Now()}
	if err := d.load(posts); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.report(a)
	return nil
}

// demo fills the demo board of a store.
type demo struct {
	store store.Store
	now   time.Time
	added bool

	posts, replies, offers, pages int // on the board, in the end
}

// demoMonths is on how many pages, back from that of today, posts of a demo board
// are looked for.
const demoMonths = 24

// load fills the board unless it has been filled. The board document comes last:
// an interrupted load is done again.
func (d *demo) load(posts []byte) error {
	script, err := newScript(posts, d.now)
	if err != nil {
		return err
	}
	h, err := d.open(board.DemoBoard())
	if err != nil {
		return err
	}
	if b, err := board.ReadBoard(h); err == nil && b.Demo {
		return d.count(script.zone)
	}
	d.added = true
	for _, month := range script.months() {
		if err := d.page(script, month); err != nil {
			return fmt.Errorf("page %s: %w", month, err)
		}
	}
	stored := h.Len()
	if stored == 0 {
		if _, err := h.Add(board.BoardGenesis()); err != nil {
			return err
		}
	}
	if err := script.describe(h); err != nil {
		return err
	}
	if err := d.commit(board.DemoBoard(), h, stored); err != nil {
		return err
	}
	return d.count(script.zone)
}

func (d *demo) page(script *script, month board.Month) error {
	doc := board.PageDocument(board.DemoBoard(), month, 0)
	h, err := d.open(doc)
	if err != nil {
		return err
	}
	stored := h.Len()
	if stored == 0 {
		if _, err := h.Add(board.PageGenesis(board.DemoBoard(), month, 0)); err != nil {
			return err
		}
	}
	if err := script.write(h, doc, month); err != nil {
		return err
	}
	return d.commit(doc, h, stored)
}

// open returns the history of a document, which is empty when it is not stored.
func (d *demo) open(doc id.Document) (*history.History, error) {
	h := history.New(history.Limits{})
	if _, err := d.store.Load(doc, h.Restore); err != nil {
		return nil, fmt.Errorf("load %s: %w", doc.URL(), err)
	}
	return h, nil
}

// commit stores what the history has beyond what is stored.
func (d *demo) commit(doc id.Document, h *history.History, stored int) error {
	if h.Len() == stored {
		return nil
	}
	a := store.Append{Document: doc, First: stored, Heads: h.Heads()}
	for i := stored; i < h.Len(); i++ {
		a.Changes = append(a.Changes, h.At(i).Bytes())
	}
	if err := d.store.Commit([]store.Append{a}); err != nil {
		return fmt.Errorf("store %s: %w", doc.URL(), err)
	}
	return nil
}

func (d *demo) count(zone *time.Location) error {
	month := board.MonthOf(d.now.UnixMilli(), zone).Next()
	for range demoMonths {
		h, err := d.open(board.PageDocument(board.DemoBoard(), month, 0))
		if err != nil {
			return err
		}
		month = month.Prev()
		if h.Len() == 0 {
			continue
		}
		p, err := board.ReadPage(h)
		if err != nil {
			return err
		}
		d.pages++
		d.posts += len(p.Posts)
		for _, post := range p.Posts {
			d.replies += len(post.Replies)
			d.offers += len(post.Offers)
		}
	}
	return nil
}

func (d *demo) report(a *app) {
	fmt.Fprintln(a.Stdout, board.DemoBoard().URL())
	what := "the demo board is there already, with"
	if d.added {
		what = "filled the demo board:"
	}
	fmt.Fprintf(a.Stderr, "%s %s, %s and %s on %s\n", what, plural(int64(d.posts), "post"), replies(d.replies),
		plural(int64(d.offers), "offer"), plural(int64(d.pages), "page"))
}

func replies(n int) string {
	if n == 1 {
		return "1 reply"
	}
	return fmt.Sprintf("%d replies", n)
}
