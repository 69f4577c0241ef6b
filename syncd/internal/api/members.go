package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// ownersOnly refuses what concerns owners to deputies, who stand in for them and
// do not choose them.
func (c *call) ownersOnly(board id.Document, concerned bool) error {
	if concerned && !c.has(board, rights.Owner) {
		return errRole
	}
	return nil
}

// chosen tells whether a member has a role on the board, now or later, that only
// owners take away. Deputies lay down their own.
func (c *call) chosen(m registry.Member, board id.Document) bool {
	return slices.ContainsFunc(m.Grants, func(g registry.Grant) bool {
		return g.Board == board && (g.Until.IsZero() || c.now.Before(g.Until)) && c.ownersTake(m, g.Role)
	})
}

func (c *call) ownersTake(m registry.Member, role rights.Role) bool {
	return role == rights.Owner || role == rights.Deputy && m.Ref != c.by()
}

func listMembers(c *call, board id.Document) (any, error) {
	members := []Member{}
	for _, m := range c.Registry.Members(board) {
		members = append(members, c.viewMember(m, &board))
	}
	return MemberList{members}, nil
}

// MemberList is a list of members.
type MemberList struct {
	Members []Member `json:"members"`
}

// parseRole reads a role that is asked for.
func parseRole(name string) (rights.Role, error) {
	role, err := rights.ParseRole(name)
	if err != nil {
		return role, problem{http.StatusBadRequest, errBody.code, fmt.Sprintf("There is no role %.40q. Roles are %s.", name, rights.RolesOf(rights.AllRoles()...)), ""}
	}
	return role, nil
}

func grant(c *call, board id.Document) (any, error) {
	var q struct {
		Role        string
		From, Until Millis
	}
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	role, err := parseRole(q.Role)
	if err != nil {
		return nil, err
	}
	m, err := c.memberOf(board)
	if err != nil {
		return nil, err
	}
	if err := c.ownersOnly(board, role == rights.Owner || role == rights.Deputy); err != nil {
		return nil, err
	}
	if err := c.Registry.Grant(m.Ref, board, role, q.From.Time(), q.Until.Time(), c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("a role was given", "doc", board, "member", m.Ref, "role", role, "by", c.by())
	return c.memberNow(m.Ref, board)
}

func ungrant(c *call, board id.Document) (any, error) {
	var q struct{ Role string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	role, err := parseRole(q.Role)
	if err != nil {
		return nil, err
	}
	m, err := c.memberOf(board)
	if err != nil {
		return nil, err
	}
	if err := c.ownersOnly(board, c.ownersTake(m, role)); err != nil {
		return nil, err
	}
	invites, err := c.Registry.Ungrant(m.Ref, board, role, c.by())
	if err != nil {
		return nil, err
	}
	c.Logger.Info("a role was taken away", "doc", board, "member", m.Ref, "role", role, "invites", invites, "by", c.by())
	return c.removed(m.Ref, board, invites)
}

func removeMember(c *call, board id.Document) (any, error) {
	m, err := c.memberOf(board)
	if err != nil {
		return nil, err
	}
	if err := c.ownersOnly(board, c.chosen(m, board)); err != nil {
		return nil, err
	}
	invites, err := c.Registry.Remove(m.Ref, board, c.by())
	if err != nil {
		return nil, err
	}
	c.Logger.Info("all roles were taken away", "doc", board, "member", m.Ref, "invites", invites, "by", c.by())
	return c.removed(m.Ref, board, invites)
}

func labelMember(c *call, board id.Document) (any, error) {
	var q struct{ Label string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	m, err := c.memberOf(board)
	if err != nil {
		return nil, err
	}
	if err := c.Registry.SetLabel(m.Ref, q.Label); err != nil {
		return nil, err
	}
	return c.memberNow(m.Ref, board)
}

func (c *call) memberNow(ref string, board id.Document) (any, error) {
	m, ok := c.Registry.Member(ref)
	if !ok {
		return nil, errMember
	}
	return c.viewMember(m, &board), nil
}

func (c *call) removed(ref string, board id.Document, invites int) (any, error) {
	m, ok := c.Registry.Member(ref)
	if !ok {
		return nil, errMember
	}
	return Removed{c.viewMember(m, &board), invites}, nil
}

func listDevices(c *call, board id.Document) (any, error) {
	return c.devices(board), nil
}

// DeviceList is a list of devices.
type DeviceList struct {
	Devices []Device `json:"devices"`
}

// devices lists the devices of a board's members; of a zero board all.
func (c *call) devices(board id.Document) DeviceList {
	list := DeviceList{[]Device{}}
	for _, d := range c.Registry.Devices(board) {
		m, _ := c.Registry.Member(d.Member)
		list.Devices = append(list.Devices, viewDevice(d, m))
	}
	return list
}

// revokeDevice shuts a device out of every board, since whoever has it has all
// that it holds. Who may not remove a member leaves the member's devices alone, too.
func revokeDevice(c *call, board id.Document) (any, error) {
	d, m, err := c.deviceOf(board)
	if err != nil {
		return nil, err
	}
	if err := c.ownersOnly(board, m.Ref != c.by() && c.chosen(m, board)); err != nil {
		return nil, err
	}
	return c.revoke(d)
}

func (c *call) revoke(d registry.Device) (any, error) {
	if err := c.Registry.RevokeDevice(d.ID, c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("a device was revoked", "device", d.ID, "member", d.Member, "by", c.by())
	return c.deviceNow(d.ID)
}

func renameDevice(c *call, board id.Document) (any, error) {
	d, _, err := c.deviceOf(board)
	if err != nil {
		return nil, err
	}
	return c.renameTo(d)
}

func (c *call) renameTo(d registry.Device) (any, error) {
	var q struct{ Label string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	if err := c.Registry.RenameDevice(d.ID, q.Label); err != nil {
		return nil, err
	}
	return c.deviceNow(d.ID)
}

func (c *call) deviceNow(device string) (any, error) {
	d, ok := c.Registry.Device(device)
	if !ok {
		return nil, errDevice
	}
	m, _ := c.Registry.Member(d.Member)
	return viewDevice(d, m), nil
}
