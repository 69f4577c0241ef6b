package wire

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// Append appends the frame of m. Frames are strict: definite lengths in their
// shortest form, text keys and ids, byte strings without a tag, nothing null
// or undefined. A target that is "" is left out. Only dst is allocated. FR9
//
// A Peer without a storage leaves storageId out but always has isEphemeral; a
// Join with nil Versions leaves those out.
func Append(dst []byte, m Message) []byte {
	target := targetOf(m)
	dst = appendBody(dst, m, target != "")
	if target != "" {
		dst = AppendTarget(dst, target)
	}
	return dst
}

// AppendSync appends the frame of a Sync without making it a Message.
func AppendSync(dst []byte, sender, target id.Peer, doc id.Document, data []byte, request bool) []byte {
	return AppendTarget(appendSync(dst, sender, doc, data, request, true), target)
}

// AppendBody appends the part of m's frame that is the same for all targets,
// so that what goes to many is encoded once; AppendTarget makes the rest.
// The target in m is ignored. Of Join and Leave, which have none, the body is
// the frame.
func AppendBody(dst []byte, m Message) []byte { return appendBody(dst, m, true) }

// AppendSyncHead appends the part of the body of a sync that stands before its data,
// which has n bytes and ends the body: it can be made in place.
func AppendSyncHead(dst []byte, sender id.Peer, doc id.Document, n int) []byte {
	return appendSyncHead(dst, sender, doc, n, false, true)
}

// Frame is a frame in parts: its first, those that follow, and its last. Each may be
// shared with other frames; nobody modifies them.
type Frame struct {
	Head []byte
	Body [][]byte
	Tail []byte
}

// Len is how many bytes the frame has.
func (f Frame) Len() int {
	n := len(f.Head) + len(f.Tail)
	for _, part := range f.Body {
		n += len(part)
	}
	return n
}

// AppendTarget appends what makes a frame for one target of a body, from AppendBody
// or begun by AppendSyncHead. It is the last entry of a frame, so that everything before it
// can be shared.
func AppendTarget(dst []byte, target id.Peer) []byte {
	return appendText(appendText(dst, "targetId"), string(target))
}

func targetOf(m Message) id.Peer {
	switch m := m.(type) {
	case Sync:
		return m.Target
	case Ephemeral:
		return m.Target
	case Unavailable:
		return m.Target
	case HeadsChanged:
		return m.Target
	case SubscriptionChange:
		return m.Target
	case Peer:
		return m.Target
	case Error:
		return m.Target
	}
	return ""
}

func appendBody(dst []byte, m Message, targeted bool) []byte {
	switch m := m.(type) {
	case Sync:
		return appendSync(dst, m.Sender, m.Document, m.Data, m.Request, targeted)
	case Ephemeral:
		dst = appendStart(dst, 6, targeted, typeEphemeral, m.Sender)
		dst = appendDocument(dst, m.Document)
		dst = appendText(appendText(dst, "sessionId"), m.Session)
		dst = appendHead(appendText(dst, "count"), majorUint, m.Count)
		return appendBytes(appendText(dst, "data"), m.Data)
	case Unavailable:
		return appendDocument(appendStart(dst, 3, targeted, typeUnavailable, m.Sender), m.Document)
	case HeadsChanged:
		dst = appendStart(dst, 4, targeted, typeHeadsChanged, m.Sender)
		return appendNewHeads(appendDocument(dst, m.Document), m.NewHeads)
	case SubscriptionChange:
		return appendSubscriptionChange(dst, m, targeted)
	case Join:
		entries := 3
		if m.Versions != nil {
			entries++
		}
		dst = appendMetadata(appendStart(dst, entries, false, typeJoin, m.Sender), m.Metadata)
		if m.Versions != nil {
			dst = appendTexts(appendText(dst, "supportedProtocolVersions"), m.Versions)
		}
		return dst
	case Peer:
		dst = appendMetadata(appendStart(dst, 4, targeted, typePeer, m.Sender), m.Metadata)
		return appendText(appendText(dst, "selectedProtocolVersion"), m.Version)
	case Leave:
		return appendStart(dst, 2, false, typeLeave, m.Sender)
	case Error:
		dst = appendStart(dst, 3, targeted, typeError, m.Sender)
		return appendText(appendText(dst, "message"), m.Message)
	}
	panic("wire: message of a foreign type") // message() keeps others out
}

func appendSync(dst []byte, sender id.Peer, doc id.Document, data []byte, request, targeted bool) []byte {
	return append(appendSyncHead(dst, sender, doc, len(data), request, targeted), data...)
}

func appendSyncHead(dst []byte, sender id.Peer, doc id.Document, n int, request, targeted bool) []byte {
	typ := typeSync
	if request {
		typ = typeRequest
	}
	dst = appendDocument(appendStart(dst, 4, targeted, typ, sender), doc)
	return appendHead(appendText(dst, "data"), majorBytes, uint64(n))
}

// appendStart opens a map of entries, plus one for the target, and writes the
// first two, type and senderId.
func appendStart(dst []byte, entries int, targeted bool, typ string, sender id.Peer) []byte {
	if targeted {
		entries++
	}
	dst = appendHead(dst, majorMap, uint64(entries))
	dst = appendText(appendText(dst, "type"), typ)
	return appendText(appendText(dst, "senderId"), string(sender))
}

func appendDocument(dst []byte, doc id.Document) []byte {
	var buf [32]byte
	text := doc.Append(buf[:0])
	dst = appendText(dst, "documentId")
	return append(appendHead(dst, majorText, uint64(len(text))), text...)
}

func appendMetadata(dst []byte, m PeerMetadata) []byte {
	dst = appendText(dst, "peerMetadata")
	entries := uint64(1)
	if m.StorageID != "" {
		entries++
	}
	dst = appendHead(dst, majorMap, entries)
	if m.StorageID != "" {
		dst = appendText(appendText(dst, "storageId"), string(m.StorageID))
	}
	dst = appendText(dst, "isEphemeral")
	if m.IsEphemeral {
		return append(dst, simpleTrue)
	}
	return append(dst, simpleFalse)
}

func appendSubscriptionChange(dst []byte, m SubscriptionChange, targeted bool) []byte {
	entries := 2
	if len(m.Add) > 0 {
		entries++
	}
	if len(m.Remove) > 0 {
		entries++
	}
	dst = appendStart(dst, entries, targeted, typeSubscriptionChange, m.Sender)
	if len(m.Add) > 0 {
		dst = appendTexts(appendText(dst, "add"), m.Add)
	}
	if len(m.Remove) > 0 {
		dst = appendTexts(appendText(dst, "remove"), m.Remove)
	}
	return dst
}

// appendNewHeads writes the storages in order, so that equal messages have
// equal frames.
func appendNewHeads(dst []byte, newHeads map[id.Storage]RemoteHeads) []byte {
	var buf [8]id.Storage
	storages := buf[:0]
	for s := range newHeads {
		storages = append(storages, s)
	}
	slices.Sort(storages)
	dst = appendHead(appendText(dst, "newHeads"), majorMap, uint64(len(storages)))
	for _, s := range storages {
		r := newHeads[s]
		dst = appendHead(appendText(dst, string(s)), majorMap, 2)
		dst = appendHead(appendText(dst, "heads"), majorArray, uint64(len(r.Heads)))
		for _, h := range r.Heads {
			var text [64]byte
			head := h.AppendHead(text[:0])
			dst = append(appendHead(dst, majorText, uint64(len(head))), head...)
		}
		dst = appendTimestamp(appendText(dst, "timestamp"), r.Timestamp)
	}
	return dst
}

// appendTimestamp writes a float as JavaScript does: it reads integers of 64
// bits as another type, with which its own numbers do not compare.
func appendTimestamp(dst []byte, ms int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, simpleFloat64), math.Float64bits(float64(ms)))
}

func appendTexts[S ~string](dst []byte, list []S) []byte {
	dst = appendHead(dst, majorArray, uint64(len(list)))
	for _, s := range list {
		dst = appendText(dst, string(s))
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

// appendHead writes the shortest head for a value.
func appendHead(dst []byte, major byte, value uint64) []byte {
	switch {
	case value < 24:
		return append(dst, major|byte(value))
	case value <= math.MaxUint8:
		return append(dst, major|24, byte(value))
	case value <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(value))
	case value <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(value))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), value)
}
