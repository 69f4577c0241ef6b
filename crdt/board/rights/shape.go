package rights

import "github.com/tavle-org/tavle/crdt/board"

// The fields of a board's documents, as SCHEMA.md of package board has them, and
// for each what has to be known to decide who may write it. An object of a
// document has a shape; a shape says what stands in the object.

type kind uint8

const (
	kindVoid    kind = iota // no part of a board: nothing is written there
	kindRoot                // of the document
	kindEntries             // a map from ids to entries
	kindEntry               // a post, a reply, an offer or another record
	kindFields              // a map of fields of an entry
	kindByLang              // a map from languages to values of one type
	kindSet                 // a map from members to true
	kindText                // a text
	kindForeign             // what this version does not know, within an entry
)

// shape is what an object is.
type shape struct {
	number uint8 // in shapes
	kind   kind
	name   string            // of the field that it stands under
	fields map[string]*field // of roots, entries and maps of fields
	each   *field            // of kindByLang: every key
	of     *shape            // of kindEntries: what stands under the ids
	make   Action            // of kindEntries: what making an entry is
	edit   Action            // what changing it is, once it is made; 0: nobody changes it
	helped bool              // EditAsHelper is enough
	ids    bool              // of a set: members are ids
	refs   bool              // of a set: members are references; everyone writes their own only
	labels int               // of a set: the counter in an entry's labels; -1 when it has none
	limit  int               // of an entry: code points that one change inserts into its texts
	needs  uint16            // of an entry: the bits of the fields that have to be there
	loose  bool              // of kindEntries: entries may be deleted, and made again
}

type fieldType uint8

const (
	typeString fieldType = iota
	typeTime             // as board.Time writes it
	typeMark             // a time, or a boolean
	typeStamp            // a timestamp
	typeNumber
	typeBool
	typeID
	typeRef    // a reference of the principal
	typeHash   // of a secret
	typeSecret // of a hand-over
	typeMap    // an object of the shape child
	typeText   // likewise
)

// field is what stands under a key.
type field struct {
	name   string
	typ    fieldType
	limit  int    // of a string, in code points
	bit    uint16 // of a field that has to be there when its entry is made
	once   bool   // written when its object is made, and never again
	edit   Action // what changing it is, where that is not what changing its object is
	helped bool   // EditAsHelper is enough
	fixed  bool   // the first change of the document makes it
	child  *shape
}

// shapes is every shape by its number; number 0 is that of places which are no
// part of a board.
var shapes = []*shape{{kind: kindVoid}}

func newShape(s shape) *shape {
	s.number = uint8(len(shapes))
	for _, f := range s.fields {
		s.needs |= f.bit
	}
	shapes = append(shapes, &s)
	return &s
}

// named gives fields, and the shapes below them, their names.
func named(fields map[string]*field) map[string]*field {
	bit := uint16(1)
	for name, f := range fields {
		f.name = name
		if f.child != nil {
			f.child.name = name
		}
		if f.child != nil && f.child.of != nil {
			f.child.of.name = name
		}
		if f.bit != 0 {
			f.bit, bit = bit, bit<<1
		}
	}
	return fields
}

func line() *field              { return &field{typ: typeString, limit: board.LineMax} }
func note() *field              { return &field{typ: typeString, limit: board.NoteMax} }
func titled() *field            { return &field{typ: typeString, limit: board.TitleMax} }
func of(t fieldType) *field     { return &field{typ: t, limit: board.LineMax} }
func mapOf(s shape) *field      { return &field{typ: typeMap, child: newShape(s)} }
func textOf(s shape) *field     { s.kind = kindText; return &field{typ: typeText, child: newShape(s)} }
func (f *field) set() *field    { f.once = true; return f }           // written once
func (f *field) needed() *field { f.once, f.bit = true, 1; return f } // written once, when its entry is made
func (f *field) byHelpers() *field {
	f.helped = true
	if f.child != nil {
		f.child.helped = true
	}
	return f
}

// entries is a map of entries that are made by an action.
func entries(by Action, entry shape) *field {
	entry.kind = kindEntry
	e := newShape(entry)
	return mapOf(shape{kind: kindEntries, make: by, of: e})
}

// record is an entry that is never changed, but for fields that say otherwise.
func record(fields map[string]*field) shape {
	for _, f := range fields {
		f.once = f.once || f.edit == 0 && (f.child == nil || f.child.kind != kindEntries)
	}
	return shape{fields: named(fields), limit: board.NoteMax}
}

func set(s shape) *field { s.kind = kindSet; return mapOf(s) }

var (
	ref = func() *field { return of(typeRef).needed() }

	postShape = func() *field {
		edited := func(fields map[string]*field) *field {
			return mapOf(shape{kind: kindFields, edit: EditPost, fields: named(fields)})
		}
		proxy := edited(map[string]*field{
			"kind": line(), "permission": line(), "permittedAt": of(typeStamp), "permittedUntil": of(typeStamp), "callBackBy": line(),
			"connector": of(typeRef),
		})
		proxy.child.edit = 0
		idea := edited(map[string]*field{"status": line(), "reason": note()})
		idea.edit, idea.child.edit = SetIdea, SetIdea
		return entries(Post, shape{edit: EditPost, limit: board.BodyMax, fields: named(map[string]*field{
			"kind": line().needed(), "title": titled().byHelpers(), "lang": line(), "author": line(), "place": line().byHelpers(),
			"urgency": line(), "lost": line(), "helpersWanted": of(typeNumber).byHelpers(), "expiresOn": of(typeStamp),
			"createdBy": ref(), "createdAt": of(typeTime).set(), "clientTime": of(typeStamp).set(), "origin": line().set(),
			"body": textOf(shape{edit: EditPost}).byHelpers(),
			"when": edited(map[string]*field{"start": of(typeStamp), "end": of(typeStamp), "repeat": line(), "note": note()}).byHelpers(),
			"item": edited(map[string]*field{"action": line()}), "proxy": proxy.set(), "idea": idea,
			"tags":       set(shape{edit: EditPost, labels: labelTags}),
			"categories": set(shape{edit: EditPost, labels: labelCategories}),
			"supports":   set(shape{edit: Support, refs: true, labels: -1}),
			"replies":    entries(Reply, replyShape()), "offers": entries(Offer, offerShape()),
			"closings": entries(ClosePost, record(map[string]*field{
				"outcome": line().needed(), "by": ref(), "createdAt": of(typeTime), "reopened": {typ: typeMark, edit: ClosePost},
			})),
			"terms": entries(Propose, record(map[string]*field{
				"party": line(), "task": line(), "place": line(), "repeat": line(), "start": of(typeStamp), "createdAt": of(typeTime),
				"replaces": set(shape{ids: true, labels: -1}),
			})),
			"acks": entries(Agree, record(map[string]*field{"party": line(), "terms": of(typeID), "createdAt": of(typeTime)})),
			"handovers": entries(HandOver, record(map[string]*field{
				"secretHash": of(typeHash).needed(), "by": ref(), "createdAt": of(typeTime),
				"claims": entries(Claim, record(map[string]*field{"secret": of(typeSecret).needed(), "by": ref(), "createdAt": of(typeTime)})),
			})),
		})})
	}()

	pageShape = newShape(shape{kind: kindRoot, fields: named(map[string]*field{
		"kind": fixed(line()), "schema": fixed(of(typeNumber)), "board": fixed(line()), "month": fixed(line()), "epoch": fixed(of(typeNumber)),
		"posts": fixed(postShape),
		"moderation": fixed(entries(Moderate, record(map[string]*field{
			"target": of(typeID).needed(), "action": line().needed(), "rule": line(), "facts": note(), "by": ref(), "createdAt": of(typeTime),
			"restores": set(shape{ids: true, labels: -1}),
		}))),
	})})

	boardShape = newShape(shape{kind: kindRoot, edit: EditBoard, fields: named(map[string]*field{
		"kind": fixed(line()), "schema": fixed(of(typeNumber)),
		"title": titled(), "about": note(), "timeZone": line(), "place": line(), "controller": line(), "demo": of(typeBool),
		"languages": set(shape{edit: EditBoard, labels: -1}), "pinned": fixed(set(shape{edit: EditBoard, ids: true, labels: -1})),
		"categories": fixed(ownersEntries(map[string]*field{
			"label": mapOf(shape{kind: kindByLang, edit: EditBoard, each: line()}),
			"icon":  line(), "order": of(typeNumber), "hidden": of(typeBool),
		})),
		"contacts": fixed(ownersEntries(map[string]*field{
			"name": line(), "phone": line(), "hours": line(), "note": note(), "order": of(typeNumber),
		})),
		"houseRules": fixed(mapOf(shape{kind: kindByLang, edit: EditBoard, each: textOf(shape{edit: EditBoard})})),
		"settings": fixed(mapOf(shape{kind: kindFields, edit: EditBoard, fields: named(map[string]*field{
			"openDays": of(typeNumber), "closedDays": of(typeNumber), "unansweredHours": of(typeNumber),
		})})),
	}), limit: houseRulesMax})

	// What this version does not know is changed by who may change the entry.
	foreignOf = map[Action]*shape{}
)

// houseRulesMax bounds what one change inserts into the texts of a board.
const houseRulesMax = 10 * board.HouseRulesMax

// The sets of an entry whose members are counted.
const (
	labelTags = iota
	labelCategories
	labelSets
)

func init() {
	for _, a := range []Action{0, EditPost, EditReply, EditOffer, SetIdea, EditBoard} {
		foreignOf[a] = newShape(shape{kind: kindForeign, edit: a, labels: -1})
	}
}

func fixed(f *field) *field { f.fixed = true; return f }

func replyShape() shape {
	return shape{edit: EditReply, limit: board.ReplyMax, fields: named(map[string]*field{
		"body": textOf(shape{edit: EditReply}), "author": line(), "createdBy": ref(), "createdAt": of(typeTime).set(), "lang": line(),
	})}
}

func offerShape() shape {
	return shape{edit: EditOffer, limit: board.NoteMax, fields: named(map[string]*field{
		"author": line(), "createdBy": ref(), "message": note(), "createdAt": of(typeTime).set(), "withdrawn": of(typeMark),
		"answers": entries(AnswerOffer, record(map[string]*field{"answer": line().needed(), "by": ref(), "createdAt": of(typeTime)})),
	})}
}

// ownersEntries are entries of the board document: any owner changes and deletes
// them.
func ownersEntries(fields map[string]*field) *field {
	f := entries(EditBoard, shape{edit: EditBoard, fields: named(fields), limit: board.NoteMax})
	f.child.edit, f.child.loose = EditBoard, true
	return f
}
