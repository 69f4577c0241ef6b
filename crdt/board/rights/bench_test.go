package rights

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// posts are the changes of a page of n posts of 300 characters, as ten devices
// made them.
func posts(b *testing.B, n int) []*chunk.Change {
	b.Helper()
	const devices = 10
	all := []*chunk.Change{board.PageGenesis(board.DemoBoard(), may, 0)}
	for i := range devices {
		d := onPage(b, fmt.Sprint("device ", i), member(fmt.Sprint("member ", i), Resident))
		for k := range n / devices {
			form := d.request(fmt.Sprint("post ", i, " ", k))
			form.Body = strings.Repeat("noget langt ", 25)
			all = append(all, d.must(d.AddPost(noon, form)))
		}
	}
	return all
}

// BenchmarkAdd restores a page of 10 000 posts.
func BenchmarkAdd(b *testing.B) {
	all := posts(b, 10_000)
	a := Author{Member: string(ident("anna")), Device: "phone"}
	var before, after runtime.MemStats
	var x *Index
	for b.Loop() {
		x = NewPage(board.DemoBoard(), may, 0)
		for _, c := range all {
			x.Add(c, a)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/post")
	x = nil
	runtime.GC()
	runtime.ReadMemStats(&before)
	x = NewPage(board.DemoBoard(), may, 0)
	for _, c := range all {
		x.Add(c, a)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/10_000, "B/post")
	runtime.KeepAlive(x)
	runtime.KeepAlive(all)
}

// BenchmarkCheck judges one change of each kind on a page of 1 000 posts.
func BenchmarkCheck(b *testing.B) {
	s := newPageServer()
	d := onPage(b, "anna", member("anna", Resident))
	for i := range 1000 {
		form := d.request(fmt.Sprint("post ", i))
		form.Body = strings.Repeat("noget langt ", 25)
		d.must(d.AddPost(noon, form))
	}
	d.push(s)
	short := d.request("short")
	short.Body = "Hvem kan hjælpe med at bære en sofa ned fra 3. sal på lørdag?"
	long := d.request("long")
	long.Body = strings.Repeat("noget langt ", 25)
	digits := d.request("digits")
	digits.Body = "Kl. 10 til 12, opgang 14, 3. sal, 12.03.2026: " + long.Body
	holder := onPage(b, "holder", member("holder", Resident))
	helped := holder.request("helped")
	holder.must(holder.AddPost(noon, helped))
	holder.push(s)
	d.pull(s)
	d.must(d.OfferHelp(noon, helped.ID, board.NewOffer{ID: ident("help"), CreatedBy: d.ref}))
	d.push(s)
	holder.pull(s)
	holder.must(holder.AnswerOffer(noon, helped.ID, ident("help"), board.NewVote{ID: ident("yes"), Is: "accepted", By: holder.ref}))
	holder.push(s)
	d.pull(s)
	title, body := "en ny titel", strings.Repeat("noget langt ", 24)+"andet langt "
	post := ident("post 7")
	for _, x := range []struct {
		name string
		f    func() (*chunk.Change, error)
	}{
		{"post of 60 characters", func() (*chunk.Change, error) { return d.AddPost(noon, short) }},
		{"post of 300 characters", func() (*chunk.Change, error) { return d.AddPost(noon, long) }},
		{"post of 350 characters with digits", func() (*chunk.Change, error) { return d.AddPost(noon, digits) }},
		{"reply of 20 characters", func() (*chunk.Change, error) {
			return d.Reply(noon, post, board.NewReply{ID: ident("r"), Body: "Det kan jeg i morgen", CreatedBy: d.ref, Author: "Bo", Lang: "da"})
		}},
		{"edit of a title", func() (*chunk.Change, error) { return d.EditPost(noon, post, board.PostEdit{Title: &title}) }},
		{"edit of a body", func() (*chunk.Change, error) { return d.EditPost(noon, post, board.PostEdit{Body: &body}) }},
		{"edit of a title as a helper", func() (*chunk.Change, error) {
			return d.EditPost(noon, helped.ID, board.PostEdit{Title: &title})
		}},
		{"offer", func() (*chunk.Change, error) {
			return d.OfferHelp(noon, post, board.NewOffer{ID: ident("o"), CreatedBy: d.ref, Message: "gerne"})
		}},
	} {
		c, err := x.f()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.x.Check(c, d.p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.OpCount), "ops")
		})
		b.Run(x.name+", its operations only", func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, op := range c.Ops() {
					n += len(op.Key)
				}
			}
		})
		d.push(s)
	}
}

// BenchmarkCheckHostile judges the change that costs the most to look through for
// personal data.
func BenchmarkCheckHostile(b *testing.B) {
	for name, piece := range map[string]string{"dates": "31.12.2026 ", "one number": "12345678", "numbers": "1234567890123 ", "nines": "123456789 ", "pairs": "12 34 56 78 ", "dashes": "123456-1234 ", "mails": "a@b ", "short": "1 "} {
		b.Run(name, func(b *testing.B) {
			s := newPageServer()
			d := onPage(b, "carl", member("carl", Connector))
			d.push(s)
			r := replicaOf(s.h)
			c := r.tamper("an actor")
			for i := range 30 {
				e := c.makeMap(r.at(b, "/posts").at, string(ident(fmt.Sprint(i))))
				c.set(e, "createdBy", d.p.Member)
				c.set(e, "kind", "request")
				c.set(c.makeMap(e, "proxy"), "kind", "self")
				body := c.put(e, "body", chunk.ActionMakeText, chunk.Value{})
				after := opRef{}
				for _, char := range strings.Repeat(piece, board.BodyMax/len(piece)) {
					after = c.insert(body, after, string(char))
				}
			}
			change := c.change(b)
			var err error
			for b.Loop() {
				err = s.x.Check(change, d.p)
			}
			b.Log(err)
		})
	}
}
