package board

import (
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// The words that fields of these names may have, of this version.
const (
	kinds       = "request offer item companion event notice question idea lostFound arrangement"
	origins     = "phone kiosk desk import demo"
	urgencies   = "today week whenever"
	itemActions = "give lend swap seek"
	lostOrFound = "lost found"
	repeats     = "daily weekly monthly"
	proxyKinds  = "self family neighbour volunteer professional legalRepresentative"
	permissions = "spoken written phone"
	callBacks   = "phone visit letter none"
	outcomes    = "foundHere foundElsewhere notNeeded"
	answers     = "accepted declined"
	statuses    = "new considering planned done declined"
	actions     = "hide remove restore label"
)

// NewPost is what a person fills in. ID, Kind, Title and CreatedBy have to be
// there; zero values are not written: without ExpiresOn, for which SCHEMA.md has
// the default, a post stands for ever.
type NewPost struct {
	ID                     ID
	Kind, Title, Body      string
	Lang, Author           string
	CreatedBy, Origin      string
	Place, Urgency, Lost   string
	When                   When
	Item                   Item
	HelpersWanted          int64
	Tags, Categories       []string
	ExpiresOn              int64
	Proxy                  *Proxy
	IdeaStatus, IdeaReason string
}

func (p *NewPost) check() error {
	err := checks(
		valid(p.ID), required("kind", p.Kind, LineMax), oneOf("kind", p.Kind, kinds), required("title", p.Title, TitleMax),
		within("body", p.Body, BodyMax), within("lang", p.Lang, LineMax), within("author", p.Author, LineMax),
		required("createdBy", p.CreatedBy, LineMax), oneOf("origin", p.Origin, origins), within("place", p.Place, LineMax),
		oneOf("urgency", p.Urgency, urgencies), oneOf("lost", p.Lost, lostOrFound), oneOf("item", p.Item.Action, itemActions),
		p.When.check(), labels("tags", p.Tags), labels("categories", p.Categories),
		checkIdea(p.IdeaStatus, p.IdeaReason),
	)
	if p.Proxy != nil {
		err = checks(err, p.Proxy.check())
	}
	return err
}

func (w When) check() error {
	return checks(oneOf("repeat", w.Repeat, repeats), within("note", w.Note, NoteMax))
}

func (p Proxy) check() error {
	return checks(oneOf("kind of proxy", p.Kind, proxyKinds), oneOf("permission", p.Permission, permissions),
		oneOf("callBackBy", p.CallBackBy, callBacks), within("connector", p.Connector, LineMax))
}

func labels(name string, of []string) error {
	if len(of) > TagsMax {
		return fmt.Errorf("%w: %d %s, and %d are allowed", ErrTooLong, len(of), name, TagsMax)
	}
	for _, s := range of {
		if err := required(name, s, LineMax); err != nil {
			return err
		}
	}
	return nil
}

// AddPost adds a post, unless one of its id is there.
func (w *Writer) AddPost(now int64, p NewPost) (*chunk.Change, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("add a post: %w", err)
	}
	return w.act(now, func(e *edit) error {
		posts := w.root().entryAt("posts")
		if posts.empty() {
			return fmt.Errorf("add a post: %w: the document has no posts", ErrUnknown)
		}
		if !posts.entryAt(string(p.ID)).empty() {
			return nil
		}
		post := e.object(posts.objects[0].made, string(p.ID), chunk.ActionMakeMap)
		e.fields(post, stringField("kind", p.Kind), stringField("title", p.Title))
		e.newText(post, "body", p.Body)
		e.fields(post, stringField("lang", p.Lang), stringField("author", p.Author), stringField("createdBy", p.CreatedBy),
			timeField("createdAt", e.time()), field{"clientTime", chunk.TimestampValue(now), true}, stringField("origin", p.Origin),
			stringField("place", p.Place), stringField("urgency", p.Urgency), stringField("lost", p.Lost),
			field{"helpersWanted", chunk.IntValue(p.HelpersWanted), p.HelpersWanted != 0}, millisField("expiresOn", p.ExpiresOn))
		e.newMap(post, "when", p.When.fields()...)
		e.newMap(post, "item", stringField("action", p.Item.Action))
		e.newMap(post, "idea", stringField("status", p.IdeaStatus), stringField("reason", p.IdeaReason))
		if x := p.Proxy; x != nil {
			e.newMap(post, "proxy", stringField("kind", x.Kind), stringField("permission", x.Permission),
				millisField("permittedAt", x.PermittedAt), millisField("permittedUntil", x.PermittedUntil),
				stringField("callBackBy", x.CallBackBy), stringField("connector", x.Connector))
		}
		e.newSet(post, "tags", p.Tags)
		e.newSet(post, "categories", p.Categories)
		maps := []string{"replies", "offers", "closings", "supports"}
		if p.Kind == "arrangement" {
			maps = append(maps, "terms", "acks")
		}
		for _, key := range maps {
			e.object(post, key, chunk.ActionMakeMap)
		}
		return nil
	})
}

func (w When) fields() []field {
	return []field{millisField("start", w.Start), millisField("end", w.End), stringField("repeat", w.Repeat), stringField("note", w.Note)}
}

// newMap writes a map in a new object, unless none of its fields is there.
func (e *edit) newMap(parent ref, key string, of ...field) {
	if slices.ContainsFunc(of, func(f field) bool { return f.there }) {
		e.fields(e.object(parent, key, chunk.ActionMakeMap), of...)
	}
}

// post does f with a post that is there.
func (w *Writer) post(now int64, doing string, post ID, f func(*edit, entry) error) (*chunk.Change, error) {
	return w.act(now, func(e *edit) error {
		p := w.root().entryAt("posts").entryAt(string(post))
		if p.empty() {
			return fmt.Errorf("%s: %w: post %.30q", doing, ErrUnknown, string(post))
		}
		if err := f(e, p); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		return nil
	})
}

// PostEdit is what an edit changes: fields that are not nil.
type PostEdit struct {
	Title, Body, Lang, Author     *string
	Place, Urgency                *string
	When                          *When // all of its fields; zero values are deleted
	HelpersWanted, ExpiresOn      *int64
	AddTags, RemoveTags           []string
	AddCategories, DropCategories []string
}

func (x *PostEdit) check() error {
	optional := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	err := checks(within("body", optional(x.Body), BodyMax), within("lang", optional(x.Lang), LineMax),
		within("author", optional(x.Author), LineMax), within("place", optional(x.Place), LineMax),
		oneOf("urgency", optional(x.Urgency), urgencies), labels("tags", x.AddTags), labels("categories", x.AddCategories))
	if x.Title != nil {
		err = checks(err, required("title", *x.Title, TitleMax))
	}
	if x.When != nil {
		err = checks(err, x.When.check())
	}
	return err
}

// EditPost changes fields of a post. What it does not name stays as it is.
func (w *Writer) EditPost(now int64, post ID, x PostEdit) (*chunk.Change, error) {
	if err := x.check(); err != nil {
		return nil, fmt.Errorf("edit a post: %w", err)
	}
	return w.post(now, "edit a post", post, func(e *edit, p entry) error {
		e.setString(p, "title", x.Title)
		if x.Body != nil {
			e.setText(p, "body", *x.Body)
		}
		e.setString(p, "lang", x.Lang)
		e.setString(p, "author", x.Author)
		e.setString(p, "place", x.Place)
		e.setString(p, "urgency", x.Urgency)
		if x.HelpersWanted != nil {
			e.set(p, "helpersWanted", chunk.IntValue(*x.HelpersWanted))
		}
		if x.ExpiresOn != nil {
			e.set(p, "expiresOn", chunk.TimestampValue(*x.ExpiresOn))
		}
		if x.When != nil {
			e.setMap(p, "when", x.When.fields()...)
		}
		e.members(p, "tags", x.AddTags, x.RemoveTags)
		e.members(p, "categories", x.AddCategories, x.DropCategories)
		return nil
	})
}

func (e *edit) setString(at entry, key string, s *string) {
	if s != nil {
		e.set(at, key, chunk.StringValue(*s))
	}
}

// setMap makes the fields of the map under a key these: those that are not there
// are deleted, and fields that it does not know stay.
func (e *edit) setMap(at entry, key string, of ...field) {
	m := at.entryAt(key)
	if m.empty() {
		e.newMap(at.objects[0].made, key, of...)
		return
	}
	for _, f := range of {
		if f.there {
			e.set(m, f.key, f.value)
		} else {
			e.clear(m.objects, f.key)
		}
	}
}

// members adds to the set under a key and takes out of it.
func (e *edit) members(at entry, key string, in, out []string) {
	set := at.entryAt(key)
	var object ref
	for _, m := range slices.Compact(slices.Sorted(slices.Values(in))) {
		if !set.empty() {
			e.member(at, key, m, true)
			continue
		}
		if object == (ref{}) {
			object = e.mapAt(at, key)
		}
		e.put(object, m, chunk.ActionSet, chunk.BoolValue(true), nil)
	}
	for _, m := range slices.Compact(slices.Sorted(slices.Values(out))) {
		if !slices.Contains(in, m) {
			e.member(at, key, m, false)
		}
	}
}

// Extend sets a later day of expiry; an earlier one changes nothing.
func (w *Writer) Extend(now int64, post ID, until int64) (*chunk.Change, error) {
	return w.post(now, "extend a post", post, func(e *edit, p entry) error {
		if until > p.millis("expiresOn") {
			e.set(p, "expiresOn", chunk.TimestampValue(until))
		}
		return nil
	})
}
