package wire

import (
	"fmt"
	"sync"

	"github.com/tavle-org/tavle/crdt/id"
)

// The keys of a message, as indices into the table of where their values are.
const (
	keyType = iota
	keySender
	keyTarget
	keyDocument
	keyData
	keySession
	keyCount
	keyAdd
	keyRemove
	keyNewHeads
	keyMessage
	keyMetadata
	keyMetadataAlias
	keyVersions
	keyVersion
	keys
)

func keyIndex(key []byte) int {
	switch string(key) {
	case "type":
		return keyType
	case "senderId":
		return keySender
	case "targetId":
		return keyTarget
	case "documentId":
		return keyDocument
	case "data":
		return keyData
	case "sessionId":
		return keySession
	case "count":
		return keyCount
	case "add":
		return keyAdd
	case "remove":
		return keyRemove
	case "newHeads":
		return keyNewHeads
	case "message":
		return keyMessage
	case "peerMetadata":
		return keyMetadata
	case "metadata": // HS3
		return keyMetadataAlias
	case "supportedProtocolVersions":
		return keyVersions
	case "selectedProtocolVersion":
		return keyVersion
	}
	return -1
}

var (
	errKind    = fmt.Errorf("%w: a value of the wrong kind", ErrMalformed)
	errMissing = fmt.Errorf("%w: missing", ErrMalformed)
	errEmpty   = fmt.Errorf("%w: empty", ErrMalformed)
)

func tooLarge(have, most int) error {
	return fmt.Errorf("%w: %d, at most %d", ErrTooLarge, have, most)
}

// Decode reads one frame. The message keeps references into frame (its Data),
// so the caller must not reuse the frame while the message is in use. Errors
// wrap ErrMalformed, ErrUnknownType, ErrUnknownDocument or ErrTooLarge.
func Decode(frame []byte, lim Limits) (Message, error) {
	if len(frame) > lim.FrameBytes {
		return nil, fmt.Errorf("frame: %w", tooLarge(len(frame), lim.FrameBytes))
	}
	if err := wellformed(frame); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	d := decoder{cursor: cursor{data: frame}, lim: lim}
	if err := d.fields(d.at[:], keyIndex); err != nil {
		return nil, err
	}
	typ, err := d.requiredText(keyType, lim.FrameBytes)
	if err != nil {
		return nil, fmt.Errorf("type: %w", err)
	}
	m, err := d.message(typ)
	if d.err != nil {
		return nil, fmt.Errorf("%s: %w", typ, d.err)
	}
	return m, err
}

// decoder reads the fields of one message. The first field that is not as it
// should be leaves its error in err, and the message is not used.
type decoder struct {
	cursor
	lim Limits
	at  [keys]int // where the value of each key begins; 0 = not in the frame
	err error
}

func (d *decoder) message(typ []byte) (Message, error) {
	switch string(typ) {
	case typeSync, typeRequest:
		return Sync{Sender: d.sender(), Target: d.target(), Document: d.document(),
			Data: d.payload(d.lim.FrameBytes), Request: string(typ) == typeRequest}, nil
	case typeEphemeral:
		return Ephemeral{Sender: d.sender(), Target: d.target(), Document: d.document(),
			Session: d.session(), Count: d.count(), Data: d.payload(d.lim.EphemeralBytes)}, nil
	case typeUnavailable:
		return Unavailable{Sender: d.sender(), Target: d.target(), Document: d.document()}, nil
	case typeSubscriptionChange:
		return SubscriptionChange{Sender: d.sender(), Target: d.target(),
			Add: d.storages(keyAdd, "add"), Remove: d.storages(keyRemove, "remove")}, nil
	case typeHeadsChanged:
		return HeadsChanged{Sender: d.sender(), Target: d.target(), Document: d.document(),
			NewHeads: d.newHeads()}, nil
	case typeJoin:
		return Join{Sender: d.sender(), Metadata: d.metadata(), Versions: d.versions()}, nil
	case typePeer:
		return Peer{Sender: d.sender(), Target: d.target(), Version: d.version(), Metadata: d.metadata()}, nil
	case typeLeave:
		return Leave{Sender: d.sender()}, nil
	case typeError:
		return Error{Sender: d.peer(keySender, "senderId"), Target: d.target(), Message: d.sentence()}, nil
	}
	return nil, fmt.Errorf("%w %.64q", ErrUnknownType, typ)
}

func (d *decoder) fail(field string, err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%s: %w", field, err)
	}
}

// present moves to the value of a key; false if there is none, or a null or
// undefined in its place.
func (d *decoder) present(key int) bool {
	d.off = d.at[key]
	return d.off != 0 && !d.absent()
}

func (d *decoder) requiredText(key, bytesMax int) ([]byte, error) {
	if !d.present(key) {
		return nil, errMissing
	}
	return d.text(bytesMax)
}

func (d *decoder) sender() id.Peer {
	p := d.peer(keySender, "senderId")
	if p == "" {
		d.fail("senderId", errMissing)
	}
	return p
}

// target may be absent: nobody relies on it. HS14
func (d *decoder) target() id.Peer { return d.peer(keyTarget, "targetId") }

func (d *decoder) peer(key int, field string) id.Peer {
	if !d.present(key) {
		return ""
	}
	text, err := d.text(id.PeerBytesMax)
	if err != nil {
		d.fail(field, err)
	}
	return id.Peer(text) // "" stands for none, too
}

// documentTextMax is more than any document id has. Of a longer text this much
// is read, and refused.
const documentTextMax = 64

// document reads base58check text or the 16 raw bytes. FR8
func (d *decoder) document() id.Document {
	doc, err := d.documentID()
	if err != nil {
		d.fail("documentId", err)
	}
	return doc
}

func (d *decoder) documentID() (id.Document, error) {
	if !d.present(keyDocument) {
		return id.Document{}, errMissing
	}
	var doc id.Document
	var err error
	if d.data[d.off]&majorMask == majorText {
		var text []byte
		if text, err = d.chunks(majorText, d.lim.FrameBytes); err != nil {
			return doc, err
		}
		doc, err = parseDocument(text[:min(len(text), documentTextMax)])
	} else {
		var raw []byte
		if raw, err = d.bytes(d.lim.FrameBytes); err != nil {
			return doc, err
		}
		doc, err = id.DocumentFromBytes(raw)
	}
	if err != nil {
		return doc, fmt.Errorf("%w: %w", ErrUnknownDocument, err)
	}
	return doc, nil
}

// parsed are ids that were parsed lately: to verify their checksum takes longer than all
// else of an answer, and all peers of a document write it alike. It is one piece of memory:
// an object for each would keep the page of the heap that it happens to be in, long after
// the thousands around it have gone.
var parsed [256]parsedDocument

// parsedDocument is a document id and its text, documentTextMost bytes at most.
type parsedDocument struct {
	mu   sync.Mutex // guards what follows
	text [documentTextMost]byte
	n    uint8 // bytes of text
	doc  id.Document
}

// documentTextMost is the length of the longest text of a document id, see id.Document.Append.
const documentTextMost = 28

func parseDocument(text []byte) (id.Document, error) {
	if len(text) < 2 || len(text) > documentTextMost {
		return id.ParseDocument(string(text))
	}
	p := &parsed[text[len(text)-1]^text[len(text)-2]<<3] // of the checksum
	p.mu.Lock()
	defer p.mu.Unlock()
	if string(p.text[:p.n]) == string(text) {
		return p.doc, nil
	}
	doc, err := id.ParseDocument(string(text))
	if err == nil {
		p.n, p.doc = uint8(copy(p.text[:], text)), doc
	}
	return doc, err
}

func (d *decoder) payload(bytesMax int) []byte {
	if !d.present(keyData) {
		d.fail("data", errMissing)
		return nil
	}
	data, err := d.bytes(bytesMax)
	if err == nil && len(data) == 0 {
		err = errEmpty
	}
	if err != nil {
		d.fail("data", err)
	}
	return data
}

func (d *decoder) session() string {
	text, err := d.requiredText(keySession, d.lim.SessionBytes)
	if err == nil && len(text) == 0 {
		err = errEmpty
	}
	if err != nil {
		d.fail("sessionId", err)
	}
	return string(text)
}

func (d *decoder) count() uint64 {
	if !d.present(keyCount) {
		d.fail("count", errMissing)
		return 0
	}
	n, err := d.number()
	if err == nil && n < 0 {
		err = errKind
	}
	if err != nil {
		d.fail("count", err)
	}
	return uint64(n)
}

func (d *decoder) sentence() string {
	if !d.present(keyMessage) {
		return ""
	}
	text, err := d.text(d.lim.TextBytes)
	if err != nil {
		d.fail("message", err)
	}
	return string(text)
}

func (d *decoder) version() string {
	text, err := d.requiredText(keyVersion, d.lim.TextBytes)
	if err != nil {
		d.fail("selectedProtocolVersion", err)
	}
	return string(text)
}
