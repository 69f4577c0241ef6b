package badger

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/examples/data"
)

// corpusPost is what a corpus takes from a post of examples/data.
type corpusPost struct {
	Language, Kind, Title, Body, Author, Place, Urgency, Lost string
	Offers                                                    []struct{ Message string }
	Replies                                                   []struct{ Body string }
}

// corpusPosts returns every other post of examples/data, beginning with the
// given one: dictionaries are made of the even ones and measured with the odd.
func corpusPosts(tb testing.TB, first int) (posts []corpusPost) {
	tb.Helper()
	var all []corpusPost
	if err := json.Unmarshal(data.Posts, &all); err != nil {
		tb.Fatal(err)
	}
	for i := first; i < len(all); i += 2 {
		posts = append(posts, all[i])
	}
	return posts
}

// corpus makes the changes of one page as people would write them: posts in three
// languages, replies, offers, supports, edits and closings, by some devices. The
// same seed gives the same changes.
type corpus struct {
	tb      testing.TB
	random  *rand.Rand
	posts   []corpusPost
	history *history.History
	writers []*board.Writer
	said    []board.ID          // posts
	offers  map[board.ID]string // of posts: an offer, not yet answered
	bodies  map[board.ID]string
	now     int64
	changes [][]byte
}

const corpusDevices = 12

func newCorpus(tb testing.TB, seed uint64, posts []corpusPost) *corpus {
	tb.Helper()
	c := &corpus{
		tb: tb, random: rand.New(rand.NewPCG(seed, 0)), posts: posts, history: history.New(history.Limits{}),
		offers: map[board.ID]string{}, bodies: map[board.ID]string{}, now: 1_780_000_000_000 + int64(seed)*86_400_000,
	}
	var doc id.Document
	c.fill(doc[:])
	month, err := board.ParseMonth(fmt.Sprintf("20%02d-%02d", 26+seed%10, 1+seed%12))
	if err != nil {
		tb.Fatal(err)
	}
	c.add(c.history.Add(board.PageGenesis(doc, month, 0)))
	for range corpusDevices {
		actor := make([]byte, 16)
		c.fill(actor)
		w, err := board.NewWriter(c.history, id.Actor(actor), new(board.Clock), c.now)
		if err != nil {
			tb.Fatal(err)
		}
		c.writers = append(c.writers, w)
	}
	return c
}

func (c *corpus) fill(b []byte) {
	for i := range b {
		b[i] = byte(c.random.Uint32())
	}
}

func (c *corpus) id() board.ID {
	var b [16]byte
	c.fill(b[:])
	return board.IDFromBytes(b)
}

func (c *corpus) add(added []*chunk.Change, err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
	for _, change := range added {
		c.changes = append(c.changes, change.Bytes())
	}
}

// take returns the first n changes of the page.
func (c *corpus) take(n int) [][]byte {
	c.tb.Helper()
	for len(c.changes) < n {
		c.now += c.random.Int64N(900_000)
		change, err := c.act()
		if err != nil {
			c.tb.Fatal(err)
		}
		if change != nil {
			c.changes = append(c.changes, change.Bytes())
		}
	}
	return c.changes[:n]
}

// act is one action of somebody.
func (c *corpus) act() (*chunk.Change, error) {
	w, p, n := c.writers[c.random.IntN(len(c.writers))], c.posts[c.random.IntN(len(c.posts))], c.random.IntN(100)
	member := fmt.Sprintf("m-%d", c.random.IntN(40))
	if len(c.said) == 0 || n < 30 {
		return c.post(w, p, member)
	}
	at := c.said[max(0, len(c.said)-1-c.random.IntN(30))]
	switch {
	case n < 58 && len(p.Replies) > 0:
		r := p.Replies[c.random.IntN(len(p.Replies))]
		return w.Reply(c.now, at, board.NewReply{ID: c.id(), Body: c.shuffle(r.Body), Author: p.Author, CreatedBy: member, Lang: p.Language})
	case n < 72:
		return w.Support(c.now, at, member, true)
	case n < 80 && len(p.Offers) > 0:
		offer := board.NewOffer{ID: c.id(), Author: p.Author, CreatedBy: member, Message: c.shuffle(p.Offers[0].Message)}
		c.offers[at] = string(offer.ID)
		return w.OfferHelp(c.now, at, offer)
	case n < 85 && c.offers[at] != "":
		offer := board.ID(c.offers[at])
		delete(c.offers, at)
		return w.AnswerOffer(c.now, at, offer, board.NewVote{ID: c.id(), Is: "accepted", By: member})
	case n < 93:
		words := strings.Fields(c.bodies[at])
		words[c.random.IntN(len(words))] = strings.Fields(p.Title)[0]
		c.bodies[at] = strings.Join(words, " ")
		body := c.bodies[at]
		return w.EditPost(c.now, at, board.PostEdit{Body: &body})
	case n < 97:
		return w.EditPost(c.now, at, board.PostEdit{Title: &p.Title})
	}
	return w.Close(c.now, at, board.NewVote{ID: c.id(), Is: "foundHere", By: member})
}

// shuffle keeps the words of a text and takes its phrases, since there are few
// texts to choose from and no two neighbours write the same.
func (c *corpus) shuffle(text string) string {
	words := strings.Fields(text)
	c.random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return strings.Join(words, " ")
}

func (c *corpus) post(w *board.Writer, p corpusPost, member string) (*chunk.Change, error) {
	form := board.NewPost{
		ID: c.id(), Kind: p.Kind, Title: p.Title, Body: c.shuffle(p.Body), Lang: p.Language, Author: p.Author, CreatedBy: member,
		Origin: []string{"phone", "kiosk", "desk"}[c.random.IntN(3)], Place: p.Place, Urgency: p.Urgency, Lost: p.Lost,
		ExpiresOn: c.now + 14*86_400_000,
	}
	c.said, c.bodies[form.ID] = append(c.said, form.ID), form.Body
	return w.AddPost(c.now, form)
}
