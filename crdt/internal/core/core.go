// Package core is the fence around the Automerge engine (automerge-go, and
// below it a prebuilt Rust library reached through cgo). It is the only
// package of the project that imports either.
//
// It promises that what crosses the fence is of our own types, that times of
// changes are in the unit of the format (seconds), and that no call with a bad
// index, key or string reaches the engine.
//
// It does not validate changes: the engine is built so that a panic ends the
// process, and it panics on changes that are well-formed but not valid. So the
// rule for every caller is: bytes go into Load or Receive only after this
// project's own strict validation (crdt/chunk and crdt/history) has accepted
// them, or when this process's engine made them.
//
// A Doc and every Object and Sync made from it belong to one goroutine at a
// time. The package starts none and holds no lock; crdt.Document does.
//
// The engine's memory is freed by finalizers and is unknown to Go's garbage
// collector: a document of 2 MB may hold 100 MB that the collector takes for a
// few bytes. Keep few documents and keep them long; after dropping many, call
// runtime.GC.
package core

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/automerge/automerge-go"

	"github.com/tavle-org/tavle/crdt/id"
)

// ErrNoEdit is returned by Commit when there is nothing to commit and empty
// changes were not asked for.
var ErrNoEdit = errors.New("no edit to commit")

// engineNothingToCommit is what automerge-go says when there is no edit; it has
// neither a value for it nor a way to ask.
const engineNothingToCommit = "Commit is empty"

// Doc is one document in the engine. Edits through its objects are pending
// until Commit. The zero value is not usable.
type Doc struct {
	doc *automerge.Doc
}

// New returns an empty document whose changes will carry the actor.
func New(actor id.Actor) (*Doc, error) {
	d := &Doc{doc: automerge.New()}
	if err := d.SetActor(actor); err != nil {
		return nil, err
	}
	return d, nil
}

// SetActor makes later changes carry the actor. It must not be called while
// edits are pending: the engine would commit them.
func (d *Doc) SetActor(actor id.Actor) error {
	if len(actor) == 0 || len(actor) > id.ActorBytesMax {
		return fmt.Errorf("set actor: %d bytes, want 1 to %d", len(actor), id.ActorBytesMax)
	}
	if err := d.doc.SetActorID(actor.String()); err != nil {
		return fmt.Errorf("set actor %s: %w", actor, err)
	}
	return nil
}

// Actor returns the actor of later changes.
func (d *Doc) Actor() (id.Actor, error) { return id.ParseActor(d.doc.ActorID()) }

// Load adds changes (chunks one after another, plain or deflated, in an order
// in which dependencies come first) to the document. The bytes must be
// trusted in the sense of the package comment. Into a document that is not
// empty the engine swallows garbage without an error, so the caller compares
// Heads afterwards. data is not kept.
func (d *Doc) Load(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := d.doc.LoadIncremental(data); err != nil {
		return fmt.Errorf("load into the engine: %w", err)
	}
	return nil
}

// Save returns the whole document as one compressed document chunk. It must
// not be called while edits are pending.
func (d *Doc) Save() []byte { return d.doc.Save() }

// Heads returns the heads in ascending order, none for an empty document. It
// must not be called while edits are pending.
func (d *Doc) Heads() []id.ChangeHash {
	var heads []id.ChangeHash
	for _, h := range d.doc.Heads() {
		heads = append(heads, id.ChangeHash(h))
	}
	return heads
}

// Changes returns the chunks of all changes that are no ancestors of since,
// dependencies first. Hashes that the document does not have are ignored.
func (d *Doc) Changes(since ...id.ChangeHash) ([][]byte, error) {
	var have []automerge.ChangeHash
	for _, h := range since {
		if _, err := d.doc.Change(automerge.ChangeHash(h)); err == nil {
			have = append(have, automerge.ChangeHash(h))
		}
	}
	changes, err := d.doc.Changes(have...)
	if err != nil {
		return nil, fmt.Errorf("changes of the engine: %w", err)
	}
	chunks := make([][]byte, len(changes))
	for i, c := range changes {
		chunks[i] = c.Save()
	}
	return chunks, nil
}

// CommitOptions are what a change says besides its edits.
type CommitOptions struct {
	Message string    // UTF-8, may be empty
	Time    time.Time // written in whole seconds, as JavaScript clients do
	Empty   bool      // make a change even when no edit is pending
}

// Commit makes one change of the pending edits and returns its hash and its
// chunk. Without any edit it returns ErrNoEdit unless opts.Empty is set.
func (d *Doc) Commit(opts CommitOptions) (id.ChangeHash, []byte, error) {
	if !utf8.ValidString(opts.Message) {
		return id.ChangeHash{}, nil, errors.New("commit: message is not UTF-8")
	}
	// The engine's Go side hands over milliseconds and its Rust side stores
	// the number as it is, while the format means seconds.
	at := time.UnixMilli(opts.Time.Unix())
	hash, err := d.doc.Commit(opts.Message, automerge.CommitOptions{Time: &at, AllowEmpty: opts.Empty})
	if err != nil {
		if err.Error() == engineNothingToCommit {
			return id.ChangeHash{}, nil, ErrNoEdit
		}
		return id.ChangeHash{}, nil, fmt.Errorf("commit: %w", err)
	}
	change, err := d.doc.Change(hash)
	if err != nil {
		return id.ChangeHash{}, nil, fmt.Errorf("read the committed change: %w", err)
	}
	defer runtime.KeepAlive(change)
	return id.ChangeHash(hash), change.Save(), nil
}

// Root returns the root map.
func (d *Doc) Root() Object { return Object{kind: Map, m: d.doc.RootMap()} }
