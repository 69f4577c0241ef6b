package edge

import "encoding/binary"

// Parts of the head of a websocket frame (RFC 6455, 5.2).
const (
	frameFin     = 0x80
	frameMasked  = 0x80
	opBinary     = 0x2
	opPong       = 0xa
	opControl    = 0x8 // this and above
	headBytesMax = 14
)

// head is the head of a frame.
type head struct {
	first   byte // fin, extensions, kind
	masked  bool
	bytes   int    // of the head
	payload uint64 // bytes that follow it
}

// readHead reads the head at the beginning of p, if it is all there.
func readHead(p []byte) (h head, ok bool) {
	if len(p) < 2 {
		return head{}, false
	}
	h = head{first: p[0], masked: p[1]&frameMasked != 0, bytes: 2, payload: uint64(p[1] &^ frameMasked)}
	switch h.payload {
	case 126:
		h.bytes = 4
	case 127:
		h.bytes = 10
	}
	more := h.bytes
	if h.masked {
		h.bytes += 4
	}
	if len(p) < h.bytes {
		return head{}, false
	}
	switch more {
	case 4:
		h.payload = uint64(binary.BigEndian.Uint16(p[2:]))
	case 10:
		h.payload = binary.BigEndian.Uint64(p[2:])
	}
	return h, true
}

// appendHead appends the head of a frame that is not masked.
func appendHead(dst []byte, first byte, payload int) []byte {
	switch {
	case payload < 126:
		return append(dst, first, byte(payload))
	case payload < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(payload))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(payload))
}

// whole is the length of the frame in p, or 0 when its end is not there.
func (h head) whole(p []byte) int {
	if h.payload > uint64(len(p)-h.bytes) {
		return 0
	}
	return h.bytes + int(h.payload)
}

// unmasked is a copy of the payload of the masked frame p (RFC 6455, 5.3).
func (h head) unmasked(p []byte) []byte {
	key, masked := p[h.bytes-4:h.bytes], p[h.bytes:]
	payload := make([]byte, len(masked))
	word := uint64(binary.LittleEndian.Uint32(key))
	word |= word << 32
	i := 0
	for ; i+8 <= len(masked); i += 8 {
		binary.LittleEndian.PutUint64(payload[i:], binary.LittleEndian.Uint64(masked[i:])^word)
	}
	for ; i < len(masked); i++ {
		payload[i] = masked[i] ^ key[i%4]
	}
	return payload
}

// framing follows frames through a stream of bytes, to know whether the reader has
// had all of what was read for it. It judges nothing: gorilla does.
type framing struct {
	begun   [headBytesMax]byte // of a head
	n       int
	payload uint64 // bytes still to come
	last    bool   // they end a message, or are of a control frame
	open    bool   // a message has begun that more frames belong to
	ended   int    // messages and control frames that have ended
}

func (f *framing) pass(p []byte) {
	for len(p) > 0 {
		if f.payload > 0 {
			k := min(f.payload, uint64(len(p)))
			p, f.payload = p[k:], f.payload-k
		} else {
			k := copy(f.begun[f.n:], p)
			h, ok := readHead(f.begun[:f.n+k])
			if !ok {
				f.n += k
				return
			}
			p = p[h.bytes-f.n:]
			f.n, f.payload, f.last = 0, h.payload, h.first&frameFin != 0
			if h.first&opControl == 0 {
				f.open = !f.last
			}
		}
		if f.payload == 0 && f.last {
			f.ended++
		}
	}
}

// between tells whether no frame and no message has begun.
func (f *framing) between() bool { return f.n == 0 && f.payload == 0 && !f.open }
