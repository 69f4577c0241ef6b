package wire

import "fmt"

// Codes with which a connection is closed. PROTOCOL.md repeats the table for
// people; a code, once given, keeps its meaning. CL4
//
// Codes from 4400 to 4499, and 1002, 1003, 1008 and 1009, are permanent:
// the same client would be closed again for the same reason. Codes from 4500 to
// 4599, and 1011, 1012 and 1013, are transient: try again later.
const (
	CloseNormal        = 1000 // the client left, or leaves
	CloseProtocol      = 1002 // a frame against the websocket protocol itself
	CloseTextFrame     = 1003 // a text frame where only binary ones are known
	ClosePolicy        = 1008 // against a rule of this server that has no code of its own
	CloseTooBig        = 1009 // a frame over the limit
	CloseStorage       = 1011 // the server could not read or store, or can again what it had to drop
	CloseRestart       = 1012 // the server stops; another may answer soon
	CloseOverload      = 1013 // the client reads too slowly, or the server is full
	CloseMalformed     = 4400 // a frame that is no message, or a message with unusable content
	CloseUnauthorised  = 4401 // no device, or one that is revoked
	CloseVersion       = 4402 // no protocol version in common
	CloseForbidden     = 4403 // a change that this device may not make
	CloseUnexpected    = 4405 // a message at the wrong moment: no join first, or a second one
	ClosePeerTaken     = 4409 // the peer id is connected for somebody else
	CloseTakenOver     = 4410 // the same peer id came again on a newer connection
	CloseTimeout       = 4508 // no join, or no sign of life, in time
	ClosePermanentBand = 4400 // first of the permanent codes of our own
	CloseTransientBand = 4500 // first of the transient codes of our own
)

// Transient tells whether a client closed with code should try again later.
func Transient(code int) bool {
	switch code {
	case CloseStorage, CloseRestart, CloseOverload:
		return true
	}
	return code >= CloseTransientBand && code < CloseTransientBand+100
}

// CloseError ends a connection: the peer is told Code and Text, and Cause goes
// to the log only.
type CloseError struct {
	Code  int
	Text  string // a sentence for people, at most 123 bytes; never the cause
	Cause error  // may be nil
}

func (e *CloseError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("%s (%d)", e.Text, e.Code)
	}
	return fmt.Sprintf("%s (%d): %v", e.Text, e.Code, e.Cause)
}

func (e *CloseError) Unwrap() error { return e.Cause }
