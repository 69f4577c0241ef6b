package board

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// NewReply is a reply. ID and Body have to be there.
type NewReply struct {
	ID                            ID
	Body, Author, CreatedBy, Lang string
}

// Reply adds a reply to a post, unless one of its id is there.
func (w *Writer) Reply(now int64, post ID, r NewReply) (*chunk.Change, error) {
	if err := checks(valid(r.ID), required("body", r.Body, ReplyMax), within("author", r.Author, LineMax),
		within("createdBy", r.CreatedBy, LineMax), within("lang", r.Lang, LineMax)); err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	return w.post(now, "reply", post, func(e *edit, p entry) error {
		if reply, ok := e.newEntry(p, "replies", r.ID); ok {
			e.newText(reply, "body", r.Body)
			e.fields(reply, stringField("author", r.Author), stringField("createdBy", r.CreatedBy),
				timeField("createdAt", e.time()), stringField("lang", r.Lang))
		}
		return nil
	})
}

// newEntry makes an entry of the map under a key, unless it is there.
func (e *edit) newEntry(at entry, key string, id ID) (ref, bool) {
	if !at.entryAt(key).entryAt(string(id)).empty() {
		return ref{}, false
	}
	return e.object(e.mapAt(at, key), string(id), chunk.ActionMakeMap), true
}

// NewOffer is an offer of help. ID and CreatedBy have to be there.
type NewOffer struct {
	ID                         ID
	Author, CreatedBy, Message string
}

// OfferHelp adds an offer to a post, unless one of its id is there.
func (w *Writer) OfferHelp(now int64, post ID, o NewOffer) (*chunk.Change, error) {
	if err := checks(valid(o.ID), within("author", o.Author, LineMax), required("createdBy", o.CreatedBy, LineMax),
		within("message", o.Message, NoteMax)); err != nil {
		return nil, fmt.Errorf("offer help: %w", err)
	}
	return w.post(now, "offer help", post, func(e *edit, p entry) error {
		if offer, ok := e.newEntry(p, "offers", o.ID); ok {
			e.fields(offer, stringField("author", o.Author), stringField("createdBy", o.CreatedBy),
				stringField("message", o.Message), timeField("createdAt", e.time()))
			e.object(offer, "answers", chunk.ActionMakeMap)
		}
		return nil
	})
}

// offer returns an offer that is there.
func (p entry) offer(id ID) (entry, error) {
	o := p.entryAt("offers").entryAt(string(id))
	if o.empty() {
		return o, fmt.Errorf("%w: offer %.30q", ErrUnknown, string(id))
	}
	return o, nil
}

// WithdrawOffer takes an offer back.
func (w *Writer) WithdrawOffer(now int64, post, offer ID) (*chunk.Change, error) {
	return w.post(now, "withdraw an offer", post, func(e *edit, p entry) error {
		o, err := p.offer(offer)
		if err == nil && !o.marked("withdrawn") {
			e.set(o, "withdrawn", e.time())
		}
		return err
	})
}

// NewVote is a record that is made once: an answer (accepted or declined) to an
// offer, or the closing of a post with an outcome.
type NewVote struct {
	ID ID
	Is string // the answer or the outcome
	By string
}

func (v NewVote) check(name, words string) error {
	return checks(valid(v.ID), required(name, v.Is, LineMax), oneOf(name, v.Is, words), within("by", v.By, LineMax))
}

func (e *edit) vote(at entry, votes, name string, v NewVote) {
	if record, ok := e.newEntry(at, votes, v.ID); ok {
		e.fields(record, stringField(name, v.Is), stringField("by", v.By), timeField("createdAt", e.time()))
	}
}

// AnswerOffer accepts or declines an offer.
func (w *Writer) AnswerOffer(now int64, post, offer ID, v NewVote) (*chunk.Change, error) {
	if err := v.check("answer", answers); err != nil {
		return nil, fmt.Errorf("answer an offer: %w", err)
	}
	return w.post(now, "answer an offer", post, func(e *edit, p entry) error {
		o, err := p.offer(offer)
		if err == nil {
			e.vote(o, "answers", "answer", v)
		}
		return err
	})
}

// Close closes a post with an outcome.
func (w *Writer) Close(now int64, post ID, v NewVote) (*chunk.Change, error) {
	if err := v.check("outcome", outcomes); err != nil {
		return nil, fmt.Errorf("close a post: %w", err)
	}
	return w.post(now, "close a post", post, func(e *edit, p entry) error {
		e.vote(p, "closings", "outcome", v)
		return nil
	})
}

// Reopen undoes all closings of a post.
func (w *Writer) Reopen(now int64, post ID) (*chunk.Change, error) {
	return w.post(now, "reopen a post", post, func(e *edit, p entry) error {
		p.entryAt("closings").children(func(_ string, closing entry) {
			if !closing.marked("reopened") {
				e.set(closing, "reopened", e.time())
			}
		})
		return nil
	})
}

// Support says "me too" for a member or device, or takes it back.
func (w *Writer) Support(now int64, post ID, by string, yes bool) (*chunk.Change, error) {
	if err := required("by", by, LineMax); err != nil {
		return nil, fmt.Errorf("support a post: %w", err)
	}
	return w.post(now, "support a post", post, func(e *edit, p entry) error {
		e.member(p, "supports", by, yes)
		return nil
	})
}

func checkIdea(status, reason string) error {
	err := checks(oneOf("status", status, statuses), within("reason", reason, NoteMax))
	if err == nil && status == "declined" {
		return required("reason", reason, NoteMax)
	}
	return err
}

// SetIdea says what becomes of an idea; declining it takes a reason.
func (w *Writer) SetIdea(now int64, post ID, status, reason string) (*chunk.Change, error) {
	if err := checks(required("status", status, LineMax), checkIdea(status, reason)); err != nil {
		return nil, fmt.Errorf("answer an idea: %w", err)
	}
	return w.post(now, "answer an idea", post, func(e *edit, p entry) error {
		e.setMap(p, "idea", stringField("status", status), stringField("reason", reason))
		return nil
	})
}

// NewTerms is a proposal of one party of an arrangement. ID, Party and Task have
// to be there.
type NewTerms struct {
	ID                         ID
	Party, Task, Place, Repeat string
	Start                      int64
}

// Propose proposes terms, in place of all that stand.
func (w *Writer) Propose(now int64, post ID, t NewTerms) (*chunk.Change, error) {
	if err := checks(valid(t.ID), required("party", t.Party, LineMax), required("task", t.Task, LineMax),
		within("place", t.Place, LineMax), oneOf("repeat", t.Repeat, repeats)); err != nil {
		return nil, fmt.Errorf("propose terms: %w", err)
	}
	return w.post(now, "propose terms", post, func(e *edit, p entry) error {
		var standing []string
		before := p.post("")
		for _, x := range before.StandingTerms() {
			standing = append(standing, string(x.ID))
		}
		if record, ok := e.newEntry(p, "terms", t.ID); ok {
			e.fields(record, stringField("party", t.Party), stringField("task", t.Task), stringField("place", t.Place),
				stringField("repeat", t.Repeat), millisField("start", t.Start), timeField("createdAt", e.time()))
			e.newSet(record, "replaces", standing)
		}
		return nil
	})
}

// NewAck is a party's yes to terms.
type NewAck struct {
	ID    ID
	Party string
	Terms ID
}

// Ack says yes to terms.
func (w *Writer) Ack(now int64, post ID, a NewAck) (*chunk.Change, error) {
	if err := checks(valid(a.ID, a.Terms), required("party", a.Party, LineMax)); err != nil {
		return nil, fmt.Errorf("agree to terms: %w", err)
	}
	return w.post(now, "agree to terms", post, func(e *edit, p entry) error {
		if p.entryAt("terms").entryAt(string(a.Terms)).empty() {
			return fmt.Errorf("%w: terms %s", ErrUnknown, a.Terms)
		}
		if record, ok := e.newEntry(p, "acks", a.ID); ok {
			e.fields(record, stringField("party", a.Party), stringField("terms", string(a.Terms)), timeField("createdAt", e.time()))
		}
		return nil
	})
}

// NewRecord is an act of moderation. ID, Target and Action have to be there.
type NewRecord struct {
	ID, Target              ID
	Action, Rule, Facts, By string
}

// Moderate records an act of moderation; a restore undoes all records for its
// target that are there.
func (w *Writer) Moderate(now int64, r NewRecord) (*chunk.Change, error) {
	if err := checks(valid(r.ID, r.Target), required("action", r.Action, LineMax), oneOf("action", r.Action, actions),
		within("rule", r.Rule, LineMax), within("facts", r.Facts, NoteMax), within("by", r.By, LineMax)); err != nil {
		return nil, fmt.Errorf("moderate: %w", err)
	}
	return w.act(now, func(e *edit) error {
		var restores []string
		w.root().entryAt("moderation").children(func(key string, x entry) {
			if act := x.string("action"); r.Action == "restore" && x.string("target") == string(r.Target) && act != "restore" {
				restores = append(restores, key)
			}
		})
		if record, ok := e.newEntry(w.root(), "moderation", r.ID); ok {
			e.fields(record, stringField("target", string(r.Target)), stringField("action", r.Action), stringField("rule", r.Rule),
				stringField("facts", r.Facts), stringField("by", r.By), timeField("createdAt", e.time()))
			e.newSet(record, "restores", restores)
		}
		return nil
	})
}
