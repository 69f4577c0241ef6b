package rights

import "fmt"

// Reason is why a change is refused. Reasons are numbered once and never
// reordered: they are stored and counted.
type Reason uint16

const (
	NotMember      Reason = iota + 1 // who brings the change has no role here that may write
	RoleMayNot                       // none of the roles may do this
	NotYours                         // it belongs to somebody else
	Forged                           // it is signed with somebody else's reference
	Incomplete                       // an entry does not say from the start what it has to, such as who made it
	ActorOfAnother                   // the actor is bound to another device, or to nobody
	SetOnce                          // a field or record that never changes
	NeverDeleted                     // an entry, or a map of entries, is replaced or deleted
	TakenID                          // the id of an entry stands for another one
	GenesisOnly                      // what only the first change of a document writes
	UnknownPlace                     // no part of a board
	WrongType                        // a known field with a value of another type
	BadID                            // a key that has to be an id is none
	TooLong                          // a text or a value is over its limit
	TooMany                          // a set or a change has too many members or entries
	IdentityNumber                   // a CPR or BSN number
	ContactData                      // a telephone number or mail address in a neighbour's post
	WrongSecret                      // the secret is none of the hand-over
	AlreadyClaimed                   // the post was handed over before
	reasonEnd
)

// Refusal is the error of Check. Path says where in the document, without
// content: ids and the names of fields only.
type Refusal struct {
	Reason Reason
	Path   string
}

func (r *Refusal) Error() string {
	if r.Path == "" {
		return r.Reason.Sentence("en")
	}
	return fmt.Sprintf("%s (%s)", r.Reason.Sentence("en"), r.Path)
}
