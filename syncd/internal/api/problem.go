package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// problem is a refusal as the caller sees it: a code for programs and a sentence
// for people. The codes are part of the API and stay as they are.
type problem struct {
	status  int
	code    string
	message string
	reason  string // tells apart what has the same code; often empty
}

func (p problem) Error() string { return p.code + ": " + p.message }

// slow is a problem that passes by itself.
type slow struct{ wait time.Duration }

func (s slow) Error() string { return "too many attempts" }

var (
	errNoPath      = problem{http.StatusNotFound, "noPath", "There is nothing at this address.", ""}
	errSignIn      = problem{http.StatusUnauthorized, "signIn", "This device has to say who it is first.", ""}
	errOrigin      = problem{http.StatusForbidden, "origin", "Only pages of this server may ask that.", ""}
	errHost        = problem{http.StatusMisdirectedRequest, "host", "This server has another name.", ""}
	errBody        = problem{http.StatusBadRequest, "body", "The request cannot be understood.", ""}
	errTooLong     = problem{http.StatusRequestEntityTooLarge, "tooLong", "The request is too long.", ""}
	errContentType = problem{http.StatusUnsupportedMediaType, "contentType", "The request has to be application/json.", ""}
	errCode        = problem{http.StatusForbidden, "code", "This code does not work. It may have been used, or be too old. Ask for a new one.", ""}
	errKey         = problem{http.StatusBadRequest, "key", "The key of this device cannot be used.", ""}
	errProof       = problem{http.StatusForbidden, "proof", "The device could not prove that it holds its key.", ""}
	errChallenge   = problem{http.StatusForbidden, "challenge", "The challenge is too old or was answered already. Ask for a new one.", ""}
	errRevoked     = problem{http.StatusForbidden, "revoked", "This device does not belong any more.", ""}
	errLease       = problem{http.StatusForbidden, "revoked", "This device was not seen for too long. Ask for a new code.", "lease"}
	errDevice      = problem{http.StatusNotFound, "unknownDevice", "This server does not know this device.", ""}
	errBoard       = problem{http.StatusNotFound, "unknownBoard", "There is no such board.", ""}
	errMember      = problem{http.StatusNotFound, "unknownMember", "There is no such member.", ""}
	errInvite      = problem{http.StatusNotFound, "unknownInvite", "There is no such invite.", ""}
	errItem        = problem{http.StatusNotFound, "unknownItem", "There is no such refused change.", ""}
	errPoster      = problem{http.StatusNotFound, "unknownPoster", "There is no such poster.", ""}
	errDocument    = problem{http.StatusNotFound, "unknownDocument", "There is no such document.", ""}
	errRole        = problem{http.StatusForbidden, "role", "Your role on this board does not allow that.", ""}
	errLastOwner   = problem{http.StatusConflict, "lastOwner", "The board would have no owner. Make somebody else an owner first.", ""}
	errBusy        = problem{http.StatusServiceUnavailable, "busy", "Too much is going on. Try again in a minute.", ""}
	errInternal    = problem{http.StatusInternalServerError, "internal", "Something went wrong on the server. It was noted.", ""}
)

// known are the errors of other packages that callers hear of.
var known = []struct {
	err error
	as  problem
}{
	{registry.ErrCode, errCode},
	{registry.ErrUnknownDevice, errDevice},
	{registry.ErrUnknownMember, errMember},
	{registry.ErrUnknownBoard, errBoard},
	{registry.ErrUnknownInvite, errInvite},
	{registry.ErrUnknownItem, errItem},
	{registry.ErrUnknownPoster, errPoster},
	{registry.ErrLeaseEnded, errLease},
	{registry.ErrRevoked, errRevoked},
	{registry.ErrLastOwner, errLastOwner},
	{registry.ErrKiosk, problem{http.StatusConflict, "kiosk", "A kiosk is for visitors, and only a kiosk is.", ""}},
	{registry.ErrOtherMember, problem{http.StatusConflict, "otherMember", "This device belongs to another member.", ""}},
	{registry.ErrTooMany, problem{http.StatusConflict, "tooMany", "There are too many of these already.", ""}},
	{store.ErrFull, problem{http.StatusServiceUnavailable, "full", "The server's disk is full. Tell whoever looks after it.", ""}},
	{auth.ErrBusy, errBusy},
	{auth.ErrExpired, errChallenge},
	{auth.ErrSpent, errChallenge},
	{auth.ErrForged, errProof},
	{auth.ErrMalformed, errProof},
}

// problemOf is what the caller hears of an error; errInternal for what only the
// log may know.
func problemOf(err error) problem {
	if p, ok := errors.AsType[problem](err); ok {
		return p
	}
	if s, ok := errors.AsType[slow](err); ok {
		return problem{http.StatusTooManyRequests, "slow", fmt.Sprintf("Too many attempts. Wait %s, then try again.", inWords(s.wait)), ""}
	}
	if errors.Is(err, registry.ErrInvalid) {
		return problem{http.StatusBadRequest, "invalid", "The request cannot be carried out: " + err.Error() + ".", ""}
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return k.as
		}
	}
	return errInternal
}

func inWords(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d seconds", int(max(d, time.Second).Seconds()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()+0.5))
}

// Problem is the body of every answer that is none.
type Problem struct {
	Code    string `json:"error"`
	Message string `json:"message"`
	Reason  string `json:"reason,omitempty"` // "lease" with the code revoked
}

// refuse answers with the problem of an error, and logs what is ours to mend.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p == errInternal {
		a.Logger.Error("request failed", "method", r.Method, "route", r.Pattern, "err", err)
	}
	if s, ok := errors.AsType[slow](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int((s.wait+time.Second-1)/time.Second)))
	}
	answer(w, p.status, Problem{Code: p.code, Message: p.message, Reason: p.reason})
}

// Refuse answers a request for a websocket that Authenticate refused.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Cache-Control", "no-store")
	a.refuse(w, r, unauthorized(err))
}

// answer writes body as JSON.
func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // of our own types
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // whoever asked has gone
}
