package edge

import "sync/atomic"

// Metrics counts what happens at the edge, since the start of the process.
// All fields are safe for concurrent use; read them at any time.
type Metrics struct {
	Connections atomic.Int64  // open now
	Accepted    atomic.Uint64 // upgraded
	Refused     atomic.Uint64 // not upgraded
	Joined      atomic.Uint64 // connections that got a peer message

	FramesIn, BytesIn   atomic.Uint64
	FramesOut, BytesOut atomic.Uint64

	SkippedType     atomic.Uint64 // FR6
	SkippedDocument atomic.Uint64 // FR8
	SkippedSender   atomic.Uint64 // HS13
	SkippedSize     atomic.Uint64 // LM2 to LM8
	DroppedLossy    atomic.Uint64 // EP6
	Throttled       atomic.Uint64 // messages that had to wait, LM10 and LM11
	Malformed       atomic.Uint64 // connections closed for a malformed frame
	Slow            atomic.Uint64 // connections closed for not reading, LM9
	Silent          atomic.Uint64 // connections closed for no sign of life, LV2
}
