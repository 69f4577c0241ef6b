package core

import (
	"fmt"
	"runtime"

	"github.com/automerge/automerge-go"
)

// Sync is the engine's own side of a sync conversation (protocol V1). It is
// here as the oracle of differential tests: a well-formed message of ten bytes
// can end the process, so messages from a network never come near it.
type Sync struct {
	doc   *Doc
	state *automerge.SyncState
}

// NewSync starts a conversation about the document.
func NewSync(d *Doc) *Sync { return &Sync{doc: d, state: automerge.NewSyncState(d.doc)} }

// Generate returns the next message, or nil when there is nothing to say.
func (s *Sync) Generate() []byte {
	m, ok := s.state.GenerateMessage()
	if !ok {
		return nil
	}
	defer runtime.KeepAlive(m)
	return m.Bytes()
}

// Receive takes a trusted message of the other side.
func (s *Sync) Receive(message []byte) error {
	if _, err := s.state.ReceiveMessage(message); err != nil {
		return fmt.Errorf("engine receives a sync message: %w", err)
	}
	return nil
}

// Reconnect returns the conversation as it goes on after both sides met again:
// what was agreed on is kept, what was under way is forgotten.
func (s *Sync) Reconnect() (*Sync, error) {
	state, err := automerge.LoadSyncState(s.doc.doc, s.state.Save())
	if err != nil {
		return nil, fmt.Errorf("reconnect: %w", err)
	}
	return &Sync{doc: s.doc, state: state}, nil
}
