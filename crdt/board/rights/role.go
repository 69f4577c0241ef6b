package rights

import (
	"fmt"
	"strings"
)

// Role is what a member is on one board. The numbers are stored: they are never
// reordered.
type Role uint8

const (
	Visitor    Role = iota + 1 // writes at a kiosk, without an account
	Resident                   // lives here
	Connector                  // writes for neighbours who have no device
	Matchmaker                 // brings those who ask and those who help together
	Moderator                  // hides and removes by the house rules
	Ambassador                 // invites neighbours
	Owner                      // is responsible for the board
	Deputy                     // stands in for the owner
	Observer                   // sees numbers only
	roleEnd
)

var roleNames = [roleEnd]string{
	Visitor: "visitor", Resident: "resident", Connector: "connector", Matchmaker: "matchmaker", Moderator: "moderator",
	Ambassador: "ambassador", Owner: "owner", Deputy: "deputy", Observer: "observer",
}

// String returns the name of the role as it stands in commands and requests.
func (r Role) String() string {
	if r == 0 || r >= roleEnd {
		return "none"
	}
	return roleNames[r]
}

// ParseRole reads what String returns for a role that there is.
func ParseRole(s string) (Role, error) {
	for r := Visitor; r < roleEnd; r++ {
		if roleNames[r] == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("%.20q is no role on a board", s)
}

// AllRoles returns every role, in the order of their numbers.
func AllRoles() []Role {
	all := make([]Role, 0, roleEnd-1)
	for r := Visitor; r < roleEnd; r++ {
		all = append(all, r)
	}
	return all
}

// Roles is a set of roles. The zero Roles is empty.
type Roles uint32

// RolesOf returns the set of some roles.
func RolesOf(of ...Role) Roles {
	var s Roles
	for _, r := range of {
		s |= 1 << r
	}
	return s
}

// Has tells whether the set has a role.
func (s Roles) Has(r Role) bool { return s&(1<<r) != 0 }

// With returns the set with one more role.
func (s Roles) With(r Role) Roles { return s | 1<<r }

// Any tells whether the two sets have a role in common.
func (s Roles) Any(o Roles) bool { return s&o != 0 }

// List returns the roles of the set in the order of their numbers.
func (s Roles) List() []Role {
	var all []Role
	for r := Visitor; r < roleEnd; r++ {
		if s.Has(r) {
			all = append(all, r)
		}
	}
	return all
}

// String returns the names, with a comma between them.
func (s Roles) String() string {
	var names []string
	for _, r := range s.List() {
		names = append(names, r.String())
	}
	return strings.Join(names, ",")
}
