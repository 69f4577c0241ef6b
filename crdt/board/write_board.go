package board

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// BoardEdit is what an edit of a board changes: fields that are not nil.
type BoardEdit struct {
	Title, About, TimeZone, Place, Controller *string
	Demo                                      *bool
	AddLanguages, RemoveLanguages             []string
	OpenDays, ClosedDays, UnansweredHours     *int64
	HouseRules                                map[string]string // by language
}

// EditBoard changes what owners say about their board.
func (w *Writer) EditBoard(now int64, x BoardEdit) (*chunk.Change, error) {
	for name, s := range map[string]*string{"title": x.Title, "about": x.About, "timeZone": x.TimeZone, "place": x.Place, "controller": x.Controller} {
		limit := LineMax
		switch name {
		case "title":
			limit = TitleMax
		case "about":
			limit = NoteMax
		}
		if s == nil {
			continue
		}
		if err := within(name, *s, limit); err != nil {
			return nil, fmt.Errorf("edit a board: %w", err)
		}
	}
	for _, s := range x.HouseRules {
		if err := within("houseRules", s, HouseRulesMax); err != nil {
			return nil, fmt.Errorf("edit a board: %w", err)
		}
	}
	return w.act(now, func(e *edit) error {
		root := w.root()
		e.setString(root, "title", x.Title)
		e.setString(root, "about", x.About)
		e.setString(root, "timeZone", x.TimeZone)
		e.setString(root, "place", x.Place)
		e.setString(root, "controller", x.Controller)
		if x.Demo != nil {
			e.set(root, "demo", chunk.BoolValue(*x.Demo))
		}
		e.members(root, "languages", x.AddLanguages, x.RemoveLanguages)
		settings := e.holder(root, "settings")
		settings.number("openDays", x.OpenDays)
		settings.number("closedDays", x.ClosedDays)
		settings.number("unansweredHours", x.UnansweredHours)
		rules := e.holder(root, "houseRules")
		for _, lang := range sortedKeys(x.HouseRules) {
			rules.text(lang, x.HouseRules[lang])
		}
		return nil
	})
}

// Pin puts a post on top, or takes it from there.
func (w *Writer) Pin(now int64, post ID, pinned bool) (*chunk.Change, error) {
	if err := valid(post); err != nil {
		return nil, fmt.Errorf("pin a post: %w", err)
	}
	return w.act(now, func(e *edit) error {
		e.member(w.root(), "pinned", string(post), pinned)
		return nil
	})
}

// SetCategory adds a local category, or changes all that it says.
func (w *Writer) SetCategory(now int64, c Category) (*chunk.Change, error) {
	err := checks(valid(c.ID), within("icon", c.Icon, LineMax))
	for _, s := range c.Label {
		err = checks(err, required("label", s, LineMax))
	}
	if err != nil {
		return nil, fmt.Errorf("set a category: %w", err)
	}
	return w.act(now, func(e *edit) error {
		category := e.holder(w.root(), "categories").holder(string(c.ID))
		category.set("icon", chunk.StringValue(c.Icon))
		category.set("order", chunk.IntValue(c.Order))
		category.set("hidden", chunk.BoolValue(c.Hidden))
		label := category.holder("label")
		for _, lang := range sortedKeys(c.Label) {
			label.set(lang, chunk.StringValue(c.Label[lang]))
		}
		return nil
	})
}

// SetContact adds a contact card of an office, or changes all that it says.
func (w *Writer) SetContact(now int64, c Contact) (*chunk.Change, error) {
	if err := checks(valid(c.ID), required("name", c.Name, LineMax), within("phone", c.Phone, LineMax),
		within("hours", c.Hours, LineMax), within("note", c.Note, NoteMax)); err != nil {
		return nil, fmt.Errorf("set a contact: %w", err)
	}
	return w.act(now, func(e *edit) error {
		contact := e.holder(w.root(), "contacts").holder(string(c.ID))
		contact.set("name", chunk.StringValue(c.Name))
		contact.set("phone", chunk.StringValue(c.Phone))
		contact.set("hours", chunk.StringValue(c.Hours))
		contact.set("note", chunk.StringValue(c.Note))
		contact.set("order", chunk.IntValue(c.Order))
		return nil
	})
}

// RemoveContact takes a contact card away.
func (w *Writer) RemoveContact(now int64, contact ID) (*chunk.Change, error) {
	return w.act(now, func(e *edit) error {
		e.clear(w.root().entryAt("contacts").objects, string(contact))
		return nil
	})
}

// holder writes fields of a map, which is made with the first of them if it is
// not there.
type holder struct {
	e      *edit
	at     entry   // the map, when it is there
	parent *holder // what makes it, when it is not
	key    string
	made   ref
}

func (e *edit) holder(at entry, key string) *holder {
	return (&holder{e: e, at: at}).holder(key)
}

func (h *holder) holder(key string) *holder {
	child := &holder{e: h.e, parent: h, key: key}
	if !h.at.empty() {
		child.at = h.at.entryAt(key)
	}
	return child
}

func (h *holder) object() ref {
	switch {
	case !h.at.empty():
		return h.at.objects[0].made
	case h.made == (ref{}):
		h.made = h.e.object(h.parent.object(), h.key, chunk.ActionMakeMap)
	}
	return h.made
}

func (h *holder) set(key string, v chunk.Value) {
	if h.at.empty() {
		h.e.put(h.object(), key, chunk.ActionSet, v, nil)
		return
	}
	h.e.set(h.at, key, v)
}

func (h *holder) number(key string, n *int64) {
	if n != nil {
		h.set(key, chunk.IntValue(*n))
	}
}

func (h *holder) text(key, s string) {
	if h.at.empty() {
		h.e.newText(h.object(), key, s)
		return
	}
	h.e.setText(h.at, key, s)
}
