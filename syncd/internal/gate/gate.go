// Package gate decides who may do what. It is pure: a decision depends on its
// arguments and on the policy it was made with, and on no clock, file or
// network.
//
// For now there is one policy, Open, with which everyone may do everything.
// The rest of the server asks the gate all the same, and at every place where
// a policy will have a say.
package gate

import "github.com/tavle-org/tavle/crdt/id"

// Principal is who a connection acts for, established before the connection
// is accepted. The ids that a peer chooses for itself are no part of it.
type Principal struct {
	// Device identifies the authenticated device; empty means nobody in
	// particular.
	Device string
}

// Action is what a principal wants to do with a document.
type Action int

const (
	Read   Action = iota + 1 // receive the document and its ephemeral messages
	Write                    // add changes to a document that exists
	Create                   // bring a document into being
)

// Policy decides. Implementations are immutable and safe for concurrent use.
type Policy interface {
	// Allow returns nil or the reason of the refusal, in words for people.
	Allow(p Principal, a Action, doc id.Document) error

	// SamePrincipal tells whether a newcomer may take over a peer id that is
	// connected already.
	SamePrincipal(connected, newcomer Principal) bool
}

// Open allows everything to everyone.
type Open struct{}

func (Open) Allow(Principal, Action, id.Document) error       { return nil }
func (Open) SamePrincipal(connected, newcomer Principal) bool { return connected == newcomer }
