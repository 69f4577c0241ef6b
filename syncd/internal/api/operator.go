package api

import (
	"net/http"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// operatorRoutes are what only the operator may do. Those of boards come beside
// them, with every role.
func (a *API) operatorRoutes() {
	a.handle("GET /v1/server", server)
	a.handle("POST /v1/setup", setup)
	a.handle("GET /v1/boards", listBoards)
	a.handle("GET /v1/members", listAllMembers)
	a.handle("GET /v1/members/{member}", showMember)
	a.handle("POST /v1/members/{member}/forget", forgetMember)
	a.handle("GET /v1/devices", listAllDevices)
	a.handle("POST /v1/devices/{device}/revoke", revokeAnyDevice)
	a.handle("POST /v1/devices/{device}/rename", renameAnyDevice)
	a.handle("POST /v1/invites/{invite}/revoke", revokeAnyInvite)
	a.handle("GET /v1/audit", auditAll)
	a.handle("GET /v1/revocations", listRevocations)
	a.handle("POST /v1/revocations", applyRevocations)
}

// ServerInfo is what the operator's commands have to know of a server.
type ServerInfo struct {
	Server
	NeedsSetup bool `json:"needsSetup"` // nobody may make boards yet
	Damaged    int  `json:"damaged"`    // records that could not be read
}

func server(c *call) (any, error) {
	return ServerInfo{c.Server, c.Registry.NeedsSetup(), c.Registry.Damaged()}, nil
}

// setup makes a new set-up code; the one before ends.
func setup(c *call) (any, error) {
	if !c.Registry.NeedsSetup() {
		return nil, problem{http.StatusConflict, "setUp", "The server is set up already: there is an operator. Make invites instead.", ""}
	}
	i, code, err := c.Registry.SetupInvite()
	if err != nil {
		return nil, err
	}
	return c.newInvite(i, code), nil
}

// BoardList is a list of boards.
type BoardList struct {
	Boards []Board `json:"boards"`
}

func listBoards(c *call) (any, error) {
	list := BoardList{[]Board{}}
	for _, b := range c.Registry.Boards() {
		list.Boards = append(list.Boards, viewBoard(b))
	}
	return list, nil
}

// listAllMembers lists the members of all boards, each once.
func listAllMembers(c *call) (any, error) {
	list, seen := MemberList{[]Member{}}, map[string]bool{}
	add := func(m registry.Member) {
		if !seen[m.Ref] {
			seen[m.Ref] = true
			list.Members = append(list.Members, c.viewMember(m, nil))
		}
	}
	for _, b := range c.Registry.Boards() {
		for _, m := range c.Registry.Members(b.ID) {
			add(m)
		}
	}
	for _, d := range c.Registry.Devices(id.Document{}) { // who has no role anywhere
		if m, ok := c.Registry.Member(d.Member); ok {
			add(m)
		}
	}
	return list, nil
}

func showMember(c *call) (any, error) {
	m, ok := c.Registry.Member(c.r.PathValue("member"))
	if !ok {
		return nil, errMember
	}
	return c.viewMember(m, nil), nil
}

func forgetMember(c *call) (any, error) {
	ref := c.r.PathValue("member")
	if err := c.Registry.Forget(ref, c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("a member was forgotten", "member", ref, "by", c.by())
	return showMember(c)
}

func listAllDevices(c *call) (any, error) { return c.devices(id.Document{}), nil }

func revokeAnyDevice(c *call) (any, error) {
	d, ok := c.Registry.Device(c.r.PathValue("device"))
	if !ok {
		return nil, errDevice
	}
	return c.revoke(d)
}

func renameAnyDevice(c *call) (any, error) {
	d, ok := c.Registry.Device(c.r.PathValue("device"))
	if !ok {
		return nil, errDevice
	}
	return c.renameTo(d)
}

func revokeAnyInvite(c *call) (any, error) {
	i, ok := c.Registry.FindInvite(c.r.PathValue("invite"))
	if !ok {
		return nil, errInvite
	}
	return c.revokeThe(i)
}

// RevocationList is every device that was shut out, for a backup of its own.
type RevocationList struct {
	Revocations []registry.Revocation `json:"revocations"`
}

func listRevocations(c *call) (any, error) {
	list := c.Registry.Revocations()
	if list == nil {
		list = []registry.Revocation{}
	}
	return RevocationList{list}, nil
}

// RevocationBytesMax is the size of a list of revocations in one request, and
// RevocationsAtOnce how many fit it, however long they are. More are sent in parts.
const (
	RevocationBytesMax = 64 << 20
	RevocationsAtOnce  = 25_000
)

// Applied tells how many revocations of a list were new.
type Applied struct {
	Applied int `json:"applied"`
}

func applyRevocations(c *call) (any, error) {
	var q RevocationList
	if err := c.read(RevocationBytesMax, &q); err != nil {
		return nil, err
	}
	n, err := c.Registry.ApplyRevocations(q.Revocations)
	if err != nil {
		return nil, err
	}
	c.Logger.Info("revocations from a file", "applied", n)
	return Applied{n}, nil
}
