package api

import (
	"errors"
	"net/http"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// Who may ask for what on a board.
var (
	owners    = rights.RolesOf(rights.Owner, rights.Deputy)
	inviters  = owners.With(rights.Ambassador)
	reviewers = owners.With(rights.Moderator)
	counters  = owners.With(rights.Observer)
)

// boardRoutes are what owners and the operator may do alike.
func (a *API) boardRoutes() {
	a.member("POST /v1/boards", createBoard)
	a.onBoard("POST /v1/boards/{board}/rename", owners, renameBoard)
	a.onBoard("POST /v1/boards/{board}/clone", owners, cloneBoard)
	a.onBoard("POST /v1/boards/{board}/archive", rights.RolesOf(rights.Owner), archiveBoard)
	a.onBoard("GET /v1/boards/{board}/numbers", counters, numbers)
	a.onBoard("GET /v1/boards/{board}/audit", owners, auditOf)

	a.onBoard("GET /v1/boards/{board}/invites", inviters, listInvites)
	a.onBoard("POST /v1/boards/{board}/invites", inviters, makeInvite)
	a.onBoard("POST /v1/boards/{board}/invites/{invite}/revoke", inviters, revokeInvite)
	a.onBoard("POST /v1/boards/{board}/letters", inviters, makeLetters)

	a.onBoard("GET /v1/boards/{board}/members", owners, listMembers)
	a.onBoard("POST /v1/boards/{board}/members/{member}/grant", owners, grant)
	a.onBoard("POST /v1/boards/{board}/members/{member}/ungrant", owners, ungrant)
	a.onBoard("POST /v1/boards/{board}/members/{member}/remove", owners, removeMember)
	a.onBoard("POST /v1/boards/{board}/members/{member}/label", owners, labelMember)
	a.onBoard("GET /v1/boards/{board}/devices", owners, listDevices)
	a.onBoard("POST /v1/boards/{board}/devices/{device}/revoke", owners, revokeDevice)
	a.onBoard("POST /v1/boards/{board}/devices/{device}/rename", owners, renameDevice)

	a.onBoard("GET /v1/boards/{board}/quarantine", reviewers, listQuarantine)
	a.onBoard("GET /v1/boards/{board}/quarantine/{item}", reviewers, showQuarantine)
	a.onBoard("POST /v1/boards/{board}/quarantine/{item}/delete", reviewers, deleteQuarantine)
	a.onBoard("GET /v1/boards/{board}/posters", inviters, listPosters)
	a.onBoard("POST /v1/boards/{board}/posters", writers, addPoster)
	a.onBoard("POST /v1/boards/{board}/posters/{poster}/remove", inviters, removePoster)
}

// found makes the content of a new board, before a device can ask for it: what was
// asked for and is empty would be remembered as empty. The board is made also if it
// fails, and an owner's device can write the same.
func (c *call) found(from *id.Document) func(registry.Board) {
	return func(b registry.Board) {
		if c.Found == nil {
			return
		}
		if err := c.Found(c.r.Context(), b, from); err != nil {
			c.Logger.Error("a new board could not be given its title and settings; an owner has to write them", "doc", b.ID, "err", err)
		}
	}
}

func createBoard(c *call) (any, error) {
	if c.principal != nil && !c.principal.Operator {
		return nil, errRole
	}
	var q struct{ Title, Lang, TimeZone string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	b, err := c.Registry.CreateBoard(registry.BoardSpec{Title: q.Title, Lang: q.Lang, TimeZone: q.TimeZone, Found: c.found(nil)}, c.by())
	if err != nil {
		return nil, err
	}
	c.Logger.Info("a board was made", "doc", b.ID, "by", c.by())
	return viewBoard(b), nil
}

func renameBoard(c *call, board id.Document) (any, error) {
	var q struct{ Title string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	if err := c.Registry.RenameBoard(board, q.Title, c.by()); err != nil {
		return nil, err
	}
	return c.boardNow(board)
}

// cloneBoard needs both to own the board and to be an operator.
func cloneBoard(c *call, board id.Document) (any, error) {
	if c.principal != nil && !c.principal.Operator {
		return nil, errRole
	}
	var q struct{ Title string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	b, err := c.Registry.CloneBoard(board, q.Title, c.by(), c.found(&board))
	if err != nil {
		return nil, err
	}
	c.Logger.Info("a board was cloned", "doc", b.ID, "from", board, "by", c.by())
	return viewBoard(b), nil
}

func archiveBoard(c *call, board id.Document) (any, error) {
	q := struct{ Archived bool }{true}
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	if err := c.Registry.ArchiveBoard(board, q.Archived, c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("a board was archived, or is no more", "doc", board, "archived", q.Archived, "by", c.by())
	return c.boardNow(board)
}

func (c *call) boardNow(board id.Document) (any, error) {
	b, ok := c.Registry.Board(board)
	if !ok {
		return nil, errBoard
	}
	return viewBoard(b), nil
}

func numbers(c *call, board id.Document) (any, error) {
	return viewNumbers(c.Registry.Count(board)), nil
}

func listQuarantine(c *call, board id.Document) (any, error) {
	items := []Refused{}
	for _, r := range c.Registry.Quarantined(board) {
		items = append(items, viewRefused(r))
	}
	return struct {
		Items []Refused `json:"items"`
	}{items}, nil
}

// showQuarantine returns the changes of an item as they came, in base64.
func showQuarantine(c *call, board id.Document) (any, error) {
	for _, r := range c.Registry.Quarantined(board) {
		if r.ID != c.r.PathValue("item") {
			continue
		}
		changes, err := c.Registry.QuarantinedChanges(board, r.ID)
		if err != nil {
			return nil, err
		}
		return RefusedChanges{viewRefused(r), encodeChanges(changes)}, nil
	}
	return nil, errItem
}

// RefusedChanges are the changes of an item, in base64.
type RefusedChanges struct {
	Refused
	Changes []string `json:"changes"`
}

func deleteQuarantine(c *call, board id.Document) (any, error) {
	return nil, c.Registry.DeleteQuarantined(board, c.r.PathValue("item"), c.by())
}

func listPosters(c *call, board id.Document) (any, error) {
	posters := []Poster{}
	for _, p := range c.Registry.Scans(board) {
		posters = append(posters, viewPoster(p))
	}
	return struct {
		Posters []Poster `json:"posters"`
	}{posters}, nil
}

func addPoster(c *call, board id.Document) (any, error) {
	var q struct{ Poster, Label string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	return nil, c.Registry.AddPoster(board, q.Poster, q.Label)
}

func removePoster(c *call, board id.Document) (any, error) {
	return nil, c.Registry.RemovePoster(board, c.r.PathValue("poster"))
}

// posterPath stands before the number of a poster in the address printed on it.
const posterPath = "/p/"

// poster counts a scan and sends the browser to the app, always to the same
// page: what stands behind # the browser keeps by itself. Nothing is answered
// that would tell whether there is such a poster.
func (a *API) poster(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		if err := a.Registry.Scan(r.PathValue("poster")); err != nil && !errors.Is(err, registry.ErrInvalid) {
			a.Logger.Warn("a scan of a poster was not counted", "err", err)
		}
	}
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
}
