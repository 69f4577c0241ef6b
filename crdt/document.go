// Package crdt reads and edits Automerge documents.
//
// A Document promises three things. Every change that comes in, from a file or
// from a peer, is checked strictly (packages chunk and history) before anything
// is made of it, so no bytes can harm the process or the document. What Change
// returns without error is one change that every reader of the format accepts,
// and what fails leaves no trace. And two documents that were given the same
// changes, in whatever order, hold the same value.
//
// It keeps no file and no connection: what Changes, ChangesSince and Save
// return is for the caller to store and to send.
//
// The view of a document, which reads and edits work on, is made by the
// Automerge engine; package internal/core is the fence around it. It is made
// when it is first needed, so a document that only passes changes on never has
// one. A view takes much memory that Go's garbage collector does not see: keep
// few documents and keep them long.
package crdt

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// actorBytes is the length of a random actor id.
const actorBytes = 16

// Document is one document: its changes, and a view of what they add up to. All
// methods may be called by several goroutines at once; they take turns.
type Document struct {
	mu sync.Mutex

	// Guarded by mu. The history is the truth; view is a cache of it, nil when
	// it has to be made again.
	actor   id.Actor
	history *history.History
	view    *core.Doc
}

// New returns an empty document with a random actor.
func New() *Document {
	var actor [actorBytes]byte
	rand.Read(actor[:]) // never fails: crypto/rand aborts the program first
	return &Document{actor: id.Actor(actor[:]), history: history.New(history.Limits{})}
}

// Load returns a document of saved data: what Save or an Automerge library
// wrote, or changes one after another. The actor is a new random one. An error
// means that nothing of the data can be used as it is.
func Load(data []byte) (*Document, error) {
	d := New()
	if err := d.Apply(data); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if n := d.Held(); n > 0 {
		return nil, fmt.Errorf("load: %d changes depend on changes that are not in the data", n)
	}
	return d, nil
}

// Actor returns the author of the changes made here.
func (d *Document) Actor() id.Actor {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.actor
}

// SetActor sets the author of later changes. Two documents that are edited at
// the same time must never have the same actor: others refuse the changes of
// one of them for ever.
func (d *Document) SetActor(actor id.Actor) error {
	if _, err := id.ActorFromBytes([]byte(actor)); err != nil {
		return fmt.Errorf("set actor: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.view != nil {
		if err := d.view.SetActor(actor); err != nil {
			return err
		}
	}
	d.actor = actor
	return nil
}

// Heads returns the changes that no other change depends on, in ascending
// order; none for an empty document. The slice is the caller's.
func (d *Document) Heads() []id.ChangeHash {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.history.Heads()
}

// Held returns the number of changes that wait for a change they depend on.
// They are no part of the document yet, and Changes and Save leave them out.
func (d *Document) Held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.history.Orphans()
}

// Changes returns the chunks of all changes, each after those it depends on.
func (d *Document) Changes() [][]byte { return d.ChangesSince(nil) }

// ChangesSince returns the chunks of the changes that are neither heads nor
// ancestors of heads, each after those it depends on. Heads that are not in the
// document are passed over. The chunks must not be modified.
func (d *Document) ChangesSince(heads []id.ChangeHash) [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.history.MarkDurable(d.history.Len()) // Since serves what is durable; storing is the caller's here
	var chunks [][]byte
	for _, i := range d.history.Since(0, heads) {
		chunks = append(chunks, d.history.At(i).Bytes())
	}
	return chunks
}

// Apply adds changes: each element is one or more chunks, changes or saved
// documents. A change that is there already is passed over, and one whose
// dependencies are missing is held until they come.
//
// Malformed data is refused before anything is added. A change that is
// well-formed but invalid (history.ErrInvalid) or too much (history.ErrFull)
// ends Apply; the changes before it stay. Applying again what was applied does
// nothing, so the caller need not know how far it came.
func (d *Document) Apply(changes ...[]byte) error {
	var parsed []*chunk.Change
	for i, data := range changes {
		cs, err := parse(data)
		if err != nil {
			return fmt.Errorf("apply: element %d: %w", i, err)
		}
		parsed = append(parsed, cs...)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.add(parsed)
}

// Merge adds all changes of other.
func (d *Document) Merge(other *Document) error { return d.Apply(other.Changes()...) }

// Fork returns a copy of the document that makes its changes as the actor.
func (d *Document) Fork(actor id.Actor) (*Document, error) {
	fork := New()
	if err := fork.SetActor(actor); err != nil {
		return nil, fmt.Errorf("fork: %w", err)
	}
	if err := fork.Merge(d); err != nil {
		return nil, fmt.Errorf("fork: %w", err)
	}
	return fork, nil
}

// Save returns the document as one compressed chunk that every Automerge
// library loads.
func (d *Document) Save() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	view, err := d.open()
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	return view.Save(), nil
}

// Value returns a copy of what stands at the path, the whole document for no
// path: map[string]any, []any, string (for texts too), bool, int64, uint64,
// float64, []byte, time.Time in UTC, Counter or nil. Where concurrent writes
// conflict it is the value that every device picks. The error is a *PathError,
// for which errors.Is with ErrNotFound or ErrKind tells why.
func (d *Document) Value(path ...any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	view, err := d.open()
	if err != nil {
		return nil, &PathError{Op: "read", Path: path, Err: err}
	}
	return read(view.Root(), path)
}

// Decode copies the value at the path into what target points to, by the rules
// of encoding/json: struct tags are json tags, a time is a time.Time, bytes are
// a []byte, and what the struct does not name is passed over.
func (d *Document) Decode(path Path, target any) error {
	v, err := d.Value(path...)
	if err != nil {
		return err
	}
	if err := decode(v, target); err != nil {
		return &PathError{Op: "decode", Path: path, Err: err}
	}
	return nil
}

// Change edits the document in one change. Either all that edit did becomes one
// change, whose hash is returned, or nothing: an error or a panic of edit undoes
// everything. An edit that did nothing makes no change and returns the zero
// hash. The message is kept for ever with the change; it may be empty.
//
// edit must use only the Tx, since the document is locked while it runs. An
// undone change costs as much as loading the document.
func (d *Document) Change(message string, edit func(*Tx) error) (id.ChangeHash, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	view, err := d.open()
	if err != nil {
		return id.ChangeHash{}, fmt.Errorf("change: %w", err)
	}
	d.view = nil // whatever happens before the end, the view is made again
	tx := &Tx{root: view.Root(), at: time.Now()}
	defer func() { tx.done = true }()
	if err := edit(tx); err != nil {
		return id.ChangeHash{}, err
	}
	if tx.err != nil {
		return id.ChangeHash{}, fmt.Errorf("change: %w", tx.err)
	}
	hash, raw, err := view.Commit(core.CommitOptions{Message: message, Time: tx.at})
	if err == core.ErrNoEdit {
		d.view = view
		return id.ChangeHash{}, nil
	}
	if err != nil {
		return id.ChangeHash{}, fmt.Errorf("change: %w", err)
	}
	// Our own changes pass the same checks as those of others, limits included.
	c, err := chunk.ParseChange(raw, chunk.Limits{})
	if err != nil {
		return id.ChangeHash{}, fmt.Errorf("change: %w", err)
	}
	if _, err := d.history.Add(c); err != nil {
		return id.ChangeHash{}, fmt.Errorf("change: %w", err)
	}
	if !d.history.Has(hash) {
		return id.ChangeHash{}, fmt.Errorf("change %s: made on a view that is not the document", hash)
	}
	d.view = view
	return hash, nil
}

// add adds parsed changes to the history and then to the view.
func (d *Document) add(changes []*chunk.Change) error {
	var added []byte
	var failed error
	for _, c := range changes {
		accepted, err := d.history.Add(c)
		for _, a := range accepted {
			added = append(added, a.Bytes()...)
		}
		if err != nil {
			failed = fmt.Errorf("apply: %w", err)
			break
		}
	}
	if d.view != nil && len(added) > 0 {
		if err := d.view.Load(added); err != nil || !slices.Equal(d.view.Heads(), d.history.Heads()) {
			d.view = nil
		}
	}
	return failed
}

// open returns the view, made of the history if there is none.
func (d *Document) open() (*core.Doc, error) {
	if d.view != nil {
		return d.view, nil
	}
	view, err := core.New(d.actor)
	if err != nil {
		return nil, err
	}
	var all []byte
	for i := range d.history.Len() {
		all = append(all, d.history.At(i).Bytes()...)
	}
	if err := view.Load(all); err != nil {
		return nil, err
	}
	if got, want := view.Heads(), d.history.Heads(); !slices.Equal(got, want) {
		return nil, fmt.Errorf("the engine has the heads %v, the history %v", got, want)
	}
	d.view = view
	return view, nil
}

// parse reads chunks, changes or saved documents, one after another. The result
// shares no memory with data.
func parse(data []byte) ([]*chunk.Change, error) {
	var changes []*chunk.Change
	for raw, err := range chunk.Split(slices.Clone(data), chunk.Limits{}) {
		if err != nil {
			return nil, err
		}
		if raw.Type == chunk.TypeDocument {
			cs, err := chunk.ParseDocument(raw.Bytes, chunk.Limits{})
			if err != nil {
				return nil, err
			}
			changes = append(changes, cs...)
			continue
		}
		c, err := chunk.ParseChange(raw.Bytes, chunk.Limits{})
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}
