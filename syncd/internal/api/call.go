package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// Limits of bodies, in bytes.
const (
	bodyMax   = 64 << 10
	unsentMax = 1 << 20
)

// operatorName stands where otherwise a member's reference does.
const operatorName = "operator"

// call is one request. It lives as long as its handler runs.
type call struct {
	*API
	w   http.ResponseWriter
	r   *http.Request
	now time.Time

	principal *gate.Principal // nil for the operator, and where nobody is asked
	bearer    bool            // the caller showed a bearer token
}

// by is who the registry notes for what is done.
func (c *call) by() string {
	if c.principal == nil {
		return operatorName
	}
	return c.principal.Member
}

// handler answers a call with a body; nil means that there is nothing to say.
type handler func(*call) (any, error)

// handle answers a pattern for whoever asks.
func (a *API) handle(pattern string, h handler) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c := &call{API: a, w: w, r: r, now: a.Now()}
		body, err := h(c)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if body == nil {
			body = struct{}{}
		}
		answer(w, http.StatusOK, body)
	})
}

// member answers a pattern for devices that belong. The operator is asked
// nothing.
func (a *API) member(pattern string, h handler) {
	a.handle(pattern, func(c *call) (any, error) {
		if a.operator {
			return h(c)
		}
		if err := c.signedIn(); err != nil {
			return nil, err
		}
		return h(c)
	})
}

// onBoard answers a pattern with {board} for those who have one of the roles on
// it. To everyone without any role there is no such board.
func (a *API) onBoard(pattern string, roles rights.Roles, h func(*call, id.Document) (any, error)) {
	a.member(pattern, func(c *call) (any, error) {
		doc, err := id.ParseDocument(c.r.PathValue("board"))
		if err != nil {
			return nil, errBoard
		}
		if c.principal == nil {
			if _, ok := c.Registry.Board(doc); !ok {
				return nil, errBoard
			}
			return h(c, doc)
		}
		m := c.principal.On(doc)
		if m == nil {
			return nil, errBoard
		}
		if !m.Roles.Any(roles) {
			return nil, errRole
		}
		return h(c, doc)
	})
}

// has tells whether the caller has one of the roles on a board.
func (c *call) has(board id.Document, roles ...rights.Role) bool {
	if c.principal == nil {
		return true
	}
	m := c.principal.On(board)
	return m != nil && m.Roles.Any(rights.RolesOf(roles...))
}

// memberOf returns the member in the path, if it has or had a role on the
// board. The operator may name any.
func (c *call) memberOf(board id.Document) (registry.Member, error) {
	m, ok := c.Registry.Member(c.r.PathValue("member"))
	if !ok || c.principal != nil && !on(m, board) {
		return m, errMember
	}
	return m, nil
}

// deviceOf returns the device in the path, if its member has or had a role on
// the board.
func (c *call) deviceOf(board id.Document) (registry.Device, registry.Member, error) {
	d, ok := c.Registry.Device(c.r.PathValue("device"))
	if !ok {
		return d, registry.Member{}, errDevice
	}
	m, ok := c.Registry.Member(d.Member)
	if !ok || c.principal != nil && !on(m, board) {
		return d, m, errDevice
	}
	return d, m, nil
}

func on(m registry.Member, board id.Document) bool {
	for _, g := range m.Grants {
		if g.Board == board {
			return true
		}
	}
	return false
}

// read reads the body, JSON of at most limit bytes. Fields that are not known
// are left: a newer app may send them. A call without a body says nothing.
func (c *call) read(limit int64, into any) error {
	body := http.MaxBytesReader(c.w, c.r.Body, limit)
	text, err := io.ReadAll(body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok && tooLarge != nil {
		return errTooLong
	}
	if err != nil {
		return errBody
	}
	if len(text) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errContentType
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errBody
	}
	return nil
}
