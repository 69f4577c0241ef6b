package board

import (
	"reflect"
	"testing"
)

func TestNumbers(t *testing.T) {
	v := vectors[struct {
		Pages []Page
		Cases []struct {
			From, To int64
			Kinds    []string
			Numbers  Numbers
		}
		Percents []struct {
			Part, All int
			Percent   float64
		}
		Bands []struct {
			Number, Low, High float64
			Is                string
		}
	}](t, "numbers.json")
	view := NewView(Board{}, v.Pages, noon, 0)
	for _, c := range v.Cases {
		got := view.Numbers(c.From, c.To, c.Kinds...)
		if !reflect.DeepEqual(got, c.Numbers) {
			t.Errorf("%v from %d to %d: %+v, want %+v", c.Kinds, c.From, c.To, got, c.Numbers)
		}
		if answered, posts := view.ReplyRate(c.From, c.To, c.Kinds...); answered != got.Answered || posts != got.Posts {
			t.Errorf("the reply rate is %d of %d, and the numbers say %d of %d", answered, posts, got.Answered, got.Posts)
		}
	}
	for _, x := range v.Percents {
		if got, ok := Percent(x.Part, x.All); !ok || got != x.Percent {
			t.Errorf("%d of %d are %v %%, want %v", x.Part, x.All, got, x.Percent)
		}
	}
	if _, ok := Percent(0, 0); ok {
		t.Error("there is a share of nothing")
	}
	for _, x := range v.Bands {
		if got := Band(x.Number, x.Low, x.High); got != x.Is {
			t.Errorf("%v is %s from %v to %v, want %s", x.Number, got, x.Low, x.High, x.Is)
		}
	}
}

// A neighbour without a telephone gets from a request to a match: a volunteer
// writes, somebody offers, the volunteer says yes for the neighbour.
func TestMatchByProxy(t *testing.T) {
	desk, phone := page(t, "desk"), page(t, "phone")
	post := request("indkøb")
	post.CreatedBy, post.Origin = "desk-1", "desk"
	post.Proxy = &Proxy{Kind: "neighbour", Permission: "spoken", CallBackBy: "visit", Connector: "desk-1"}
	desk.must(desk.AddPost(desk.now, post))
	count := func() Numbers { return NewView(Board{}, []Page{desk.read()}, noon, 0).Numbers(0, noon+dayMillis) }
	meet(desk, phone)
	phone.must(phone.OfferHelp(phone.now, post.ID, NewOffer{ID: ident("o1"), CreatedBy: "phone-1"}))
	meet(desk, phone)
	if n := count(); n.Answered != 1 || n.Matched != 0 || n.FirstTime != 0 || n.ByProxy["neighbour"] != 1 {
		t.Errorf("with an offer: %+v", n)
	}
	desk.must(desk.AnswerOffer(desk.now, post.ID, ident("o1"), NewVote{ident("a1"), "accepted", "desk-1"}))
	if n := count(); n.Matched != 1 || n.Proxy != 1 {
		t.Errorf("accepted: %+v", n)
	}
	phone.must(phone.WithdrawOffer(phone.now, post.ID, ident("o1")))
	meet(desk, phone)
	if n := count(); n.Matched != 0 {
		t.Errorf("taken back: %+v", n)
	}
	desk.must(desk.Close(desk.now, post.ID, NewVote{ident("k1"), "foundElsewhere", "desk-1"}))
	if n := count(); n.Matched != 1 {
		t.Errorf("found elsewhere: %+v", n)
	}
}
