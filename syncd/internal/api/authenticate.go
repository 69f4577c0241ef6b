package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// Names of cookies. A browser keeps the first to this host and to https; the
// second is for plain http on the same machine.
const (
	cookieName      = "__Host-tavle"
	cookieNamePlain = "tavle"
)

// What a websocket may ask for in its subprotocol: the protocol itself, and a
// ticket, which is not said back.
const (
	Subprotocol       = "tavle.v1"
	SubprotocolTicket = "tavle.ticket."
)

// Authenticate tells who asks for a websocket, and what the answer has to carry.
// It takes a ticket from the subprotocol, a session from the cookie, a ticket
// from the address or a bearer token, whichever comes first and is valid: the
// page that asked for a ticket may be another device than its browser, which sends
// the cookie along. That counts only for pages of this server, since it is sent
// whoever asks. The error is for Refuse, and never says more to one caller than to
// another about what there is.
func (a *API) Authenticate(r *http.Request) (p *gate.Principal, device string, header http.Header, err error) {
	now := a.Now()
	if !a.ownName(r.Host) {
		return nil, "", nil, errHost
	}
	header = http.Header{}
	if offers(r, Subprotocol) {
		header.Set("Sec-Websocket-Protocol", Subprotocol)
	}
	err = errSignIn
	for _, c := range a.credentials(r) {
		token, failed := a.Minter.Read(c.kind, c.text, now)
		if failed == nil {
			p, failed = a.Registry.Principal(token.Device, now)
		}
		if failed == nil {
			return p, token.Device, header, nil
		}
		err = moreTelling(err, failed)
	}
	return nil, "", nil, unauthorized(err)
}

// moreTelling prefers that a device was revoked to that its token is too old:
// the first one is for good.
func moreTelling(was, is error) error {
	if errors.Is(is, registry.ErrRevoked) || errors.Is(is, registry.ErrUnknownDevice) {
		return is
	}
	return was
}

// unauthorized is what is wrong with a credential, with the status for that.
func unauthorized(err error) error {
	p := problemOf(err)
	switch {
	case p == errHost || p == errOrigin || p == errInternal || p == errBusy:
		return err
	case p.code == errRevoked.code || p.code == errDevice.code:
		p.status = http.StatusUnauthorized
		return p
	}
	return errSignIn
}

// credential is what a request brings to say who it is.
type credential struct {
	kind auth.Kind
	text string
}

func (a *API) credentials(r *http.Request) []credential {
	var all []credential
	for _, protocol := range protocols(r) {
		if text, ok := strings.CutPrefix(protocol, SubprotocolTicket); ok {
			all = append(all, credential{auth.Ticket, text})
			break // one try a request
		}
	}
	origin := r.Header.Get("Origin")
	if text, ok := a.cookie(r); ok && (origin == "" || a.sameOrigin(r, origin)) {
		all = append(all, credential{auth.Session, text})
	}
	if text := r.URL.Query().Get("ticket"); text != "" {
		all = append(all, credential{auth.URL, text})
	}
	if text, ok := bearer(r); ok {
		all = append(all, credential{auth.Bearer, text})
	}
	return all
}

func protocols(r *http.Request) []string {
	var all []string
	for _, line := range r.Header.Values("Sec-Websocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(p))
		}
	}
	return all
}

func offers(r *http.Request, protocol string) bool {
	for _, p := range protocols(r) {
		if p == protocol {
			return true
		}
	}
	return false
}

func bearer(r *http.Request) (string, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(scheme, "Bearer")
}

func (a *API) cookieName() string {
	if a.Secure {
		return cookieName
	}
	return cookieNamePlain
}

func (a *API) cookie(r *http.Request) (string, bool) {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// setCookie gives a device a session.
func (c *call) setCookie(device string) error {
	text, token, err := c.Minter.Mint(auth.Session, device, c.now)
	if err != nil {
		return err
	}
	c.writeCookie(text, token.Kind.TTL())
	return nil
}

// dropCookie tells the browser to forget its session.
func (c *call) dropCookie() { c.writeCookie("", -time.Second) }

func (c *call) writeCookie(value string, ttl time.Duration) {
	http.SetCookie(c.w, &http.Cookie{
		Name: c.cookieName(), Value: value, Path: "/", MaxAge: int(ttl.Seconds()),
		Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// seen notes that a device is here, for its lease.
func (c *call) seen(device string) {
	if err := c.Registry.Seen(device, nil); err != nil {
		c.Logger.Warn("it could not be noted that a device was here", "device", device, "err", err)
	}
}

// signedIn finds out who calls: from the session cookie, which is renewed when
// half of its time is over, or a bearer token.
func (c *call) signedIn() error {
	kind, text := auth.Session, ""
	if value, ok := c.cookie(c.r); ok {
		text = value
	} else if value, ok := bearer(c.r); ok {
		kind, text, c.bearer = auth.Bearer, value, true
	} else {
		return errSignIn
	}
	token, err := c.Minter.Read(kind, text, c.now)
	if err != nil {
		return errSignIn
	}
	p, err := c.Registry.Principal(token.Device, c.now)
	if err != nil {
		return unauthorized(err)
	}
	c.principal = p
	c.seen(token.Device)
	if kind == auth.Session && token.HalfOver(c.now) {
		return c.setCookie(token.Device)
	}
	return nil
}
