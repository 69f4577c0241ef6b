package rights

import "github.com/tavle-org/tavle/crdt/id"

// Binding says who writes under an actor id in one document. It is made with the
// first change of the actor there and holds for good.
type Binding struct {
	Actor  id.Actor
	Author Author
}

// readers are the roles with which one reads posts. An observer sees numbers only.
var readers = RolesOf(Visitor, Resident, Connector, Matchmaker, Moderator, Ambassador, Owner, Deputy)

// Read tells whether one of the roles may read the documents of the board.
func (s Roles) Read() bool { return s.Any(readers) }
