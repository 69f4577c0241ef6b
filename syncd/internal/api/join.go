package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

func (a *API) deviceRoutes() {
	a.handle("POST /v1/challenge", challenge)
	a.handle("POST /v1/join", join)
	a.handle("POST /v1/session", session)
	a.handle("POST /v1/unsent", unsent)
	a.member("POST /v1/ticket", ticket)
	a.member("GET /v1/me", me)
	a.member("GET /v1/me/known", knownOfMe)
	a.member("POST /v1/me/status", status)
	a.member("POST /v1/me/invite", inviteDevice)
	a.member("POST /v1/me/leave", leave)
	a.member("POST /v1/me/devices/{device}/revoke", revokeOwn)
	a.mux.HandleFunc("GET "+posterPath+"{poster}", a.poster)
}

func challenge(c *call) (any, error) {
	text, expires := c.Prover.Challenge(c.now)
	return struct {
		Challenge string `json:"challenge"`
		Expires   Millis `json:"expires"`
	}{text, millis(expires)}, nil
}

// proof checks what a device signed; spend comes after it. Failures of an address
// are counted, also since checking costs time. Behind a proxy the browser may know the server by
// another host than the request names; that of the links is as good.
func (c *call) proof(p auth.Proof, key auth.Key) error {
	addr := c.address(c.r)
	if wait, ok := c.Proofs.Try(addr, c.now); !ok {
		return slow{wait}
	}
	p.Host = strings.ToLower(c.r.Host)
	err := c.Prover.Verify(p, key, c.now)
	defer func() { c.Proofs.Done(addr, c.now, err != nil) }()
	if base := c.Server.host(); errors.Is(err, auth.ErrForged) && base != "" && base != p.Host {
		p.Host = base
		err = c.Prover.Verify(p, key, c.now)
	}
	return err
}

// oftenWait is for a device or an address that has proved itself too often.
const oftenWait = time.Minute

// spend uses a challenge up whose proof is right, once it is known that the
// device may do what it asks for: what is refused takes no place from others.
func (c *call) spend(challenge, device string) error {
	err := c.Prover.Spend(challenge, device, c.address(c.r), c.now)
	if errors.Is(err, auth.ErrTooOften) {
		return slow{oftenWait}
	}
	return err
}

type joinRequest struct {
	Code, Alg, Key, Challenge, Proof, Label, Kind, AppVersion string
}

func join(c *call) (any, error) {
	var q joinRequest
	if err := c.read(bodyMax, &q); err != nil { // before the try begins: it may come slowly
		return nil, err
	}
	addr := c.address(c.r)
	if wait, ok := c.Codes.Try(addr, c.now); !ok {
		c.Logger.Info("joining refused: too many wrong codes", "wait", wait)
		return nil, slow{wait}
	}
	wrong := true
	defer func() { c.Codes.Done(addr, c.now, wrong) }()
	joined, err := c.redeem(q)
	wrong = errors.Is(err, registry.ErrCode) // nothing else counts
	if err != nil {
		c.Logger.Info("joining refused", "code", problemOf(err).code)
		return nil, err
	}
	c.Logger.Info("a device has joined", "device", joined.Device.ID, "member", joined.Member.Ref, "invite", joined.Device.Invite)
	return c.begin(joined.Device.ID)
}

// redeem lets the device in whose code works and who holds its key.
func (c *call) redeem(q joinRequest) (registry.Joined, error) {
	key, err := auth.ParseKeyText(q.Alg, q.Key)
	if err != nil {
		return registry.Joined{}, errKey
	}
	code, err := auth.NormalCode(q.Code)
	if err != nil {
		return registry.Joined{}, registry.ErrCode
	}
	p := auth.Proof{Purpose: auth.PurposeJoin, Challenge: q.Challenge, Subject: auth.JoinSubject(code, key), Signature: q.Proof}
	if err := c.proof(p, key); err != nil {
		return registry.Joined{}, err
	}
	return c.Registry.Redeem(code, registry.NewDevice{Alg: q.Alg, Key: key.Raw(), Label: q.Label, Kind: q.Kind, AppVersion: q.AppVersion,
		Admit: func() error { return c.spend(q.Challenge, key.Device()) }})
}

// begin gives a device a session and tells it who it is.
func (c *call) begin(device string) (any, error) {
	c.now = c.Now() // what the device was just given begins after the call did
	p, err := c.Registry.Principal(device, c.now)
	if err != nil {
		return nil, err
	}
	c.principal = p
	if err := c.setCookie(device); err != nil {
		return nil, err
	}
	c.seen(device)
	return me(c)
}

// session gives a device a session; for what must not share the cookie of its browser
// with others, in a bearer token besides.
func session(c *call) (any, error) {
	var q struct{ Device, Challenge, Proof, For string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	if q.For != "" && q.For != "bearer" {
		return nil, errBody
	}
	if _, err := c.proved(q.Device, auth.PurposeSession, q.Challenge, q.Proof); err != nil {
		return nil, err
	}
	if _, err := c.Registry.Principal(q.Device, c.now); err != nil {
		return nil, err
	}
	if err := c.spend(q.Challenge, q.Device); err != nil {
		return nil, err
	}
	self, err := c.begin(q.Device)
	if err != nil || q.For == "" {
		return self, err
	}
	text, token, err := c.Minter.Mint(auth.Bearer, q.Device, c.now)
	return struct {
		Me
		Ticket
	}{self.(Me), Ticket{text, millis(token.Expires)}}, err
}

// proved returns a device that has proved to be that device. One that was
// forgotten has no key any more, and is told that it does not belong.
func (c *call) proved(device, purpose, challenge, signature string) (registry.Device, error) {
	d, ok := c.Registry.Device(device)
	if !ok {
		return d, errDevice
	}
	if len(d.Key) == 0 {
		return d, errRevoked
	}
	key, err := auth.ParseKey(d.Alg, d.Key)
	if err != nil {
		return d, err
	}
	return d, c.proof(auth.Proof{Purpose: purpose, Challenge: challenge, Subject: d.ID, Signature: signature}, key)
}

func ticket(c *call) (any, error) {
	var q struct{ For string }
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	kinds := map[string]auth.Kind{"socket": auth.Ticket, "url": auth.URL, "bearer": auth.Bearer}
	kind, ok := kinds[q.For]
	if !ok {
		return nil, errBody
	}
	if c.bearer && kind == auth.Bearer {
		// Or one that was stolen would last for ever.
		return nil, errSignIn
	}
	text, token, err := c.Minter.Mint(kind, c.principal.Device, c.now)
	if err != nil {
		return nil, err
	}
	return Ticket{text, millis(token.Expires)}, nil
}

// unsent keeps for an owner to look at what a device had not sent that was revoked,
// or whose member was taken off the board.
func unsent(c *call) (any, error) {
	var q struct {
		Device, Challenge, Proof, Document string
		Changes                            [][]byte
	}
	if err := c.read(unsentMax, &q); err != nil {
		return nil, err
	}
	d, err := c.proved(q.Device, auth.PurposeUnsent, q.Challenge, q.Proof)
	if err != nil {
		return nil, err
	}
	doc, err := id.ParseDocument(strings.TrimPrefix(q.Document, id.URLPrefix))
	if err != nil {
		return nil, errDocument
	}
	m, _ := c.Registry.Member(d.Member)
	board, ok := boardOf(m, doc)
	if d.Revoked.IsZero() && !d.LeaseEnded && !(ok && slices.Contains(m.Ended(c.now), board)) {
		return nil, problem{http.StatusConflict, "notRevoked", "This device still belongs. It can send its changes as always.", ""}
	}
	if !ok {
		return nil, errDocument
	}
	if len(q.Changes) == 0 {
		return nil, errBody
	}
	if err := c.spend(q.Challenge, d.ID); err != nil {
		return nil, err
	}
	item, err := c.Registry.Quarantine(registry.Refused{Board: board, Document: doc, Device: d.ID, Member: d.Member,
		Reason: registry.ReasonUnsent, At: c.now}, q.Changes)
	if err != nil {
		return nil, err
	}
	c.Logger.Info("kept for review what a device had not sent that belongs no more", "device", d.ID, "changes", len(q.Changes), "bytes", item.Bytes)
	return nil, nil
}

// boardOf finds the board of a document among those on which a member has or
// had a role.
func boardOf(m registry.Member, doc id.Document) (id.Document, bool) {
	seen := map[id.Document]bool{}
	boards := slices.Clone(m.Removed)
	for _, g := range m.Grants {
		boards = append(boards, g.Board)
	}
	for _, board := range boards {
		if seen[board] {
			continue
		}
		seen[board] = true
		if board == doc {
			return doc, true
		}
		if _, ok := gate.NewPages(board).Find(doc); ok {
			return board, true
		}
	}
	return id.Document{}, false
}

// writers are all who write to a board.
var writers = rights.RolesOf(rights.Resident, rights.Connector, rights.Matchmaker, rights.Moderator, rights.Ambassador, rights.Owner, rights.Deputy)

// encodeChanges writes changes as requests carry them.
func encodeChanges(changes [][]byte) []string {
	texts := make([]string, 0, len(changes))
	for _, c := range changes {
		texts = append(texts, base64.StdEncoding.EncodeToString(c))
	}
	return texts
}
