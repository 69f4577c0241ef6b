package board

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/tavle-org/tavle/crdt/id"
)

const pagePrefix = "tavle/page/v1\x00"

// PageDocument is the document id of a board's page: the same on every device
// that opens the month, and so the same document. The epoch is 0 unless the page
// was rewritten.
func PageDocument(board id.Document, month Month, epoch uint32) id.Document {
	b := append([]byte(pagePrefix), board[:]...)
	b = append(b, month.String()...)
	return firstBytes(string(binary.BigEndian.AppendUint32(b, epoch)))
}

func firstBytes(s string) (d id.Document) {
	hash := sha256.Sum256([]byte(s))
	copy(d[:], hash[:])
	return d
}

// ID names a post, a reply, an offer or another record: 128 random bits as 26
// characters of Crockford's base 32 in lower case. It is made when a form opens,
// so that a form that is sent twice makes one entry.
type ID string

const (
	idBytes  = 16
	idLen    = 26 // the last one holds three bits, followed by two zeros
	codeLen  = 4
	crockBig = "0123456789abcdefghjkmnpqrstvwxyz" // no i, l, o and u
)

// NewID makes an id of 16 bytes from random. Errors are those of random.
func NewID(random io.Reader) (ID, error) {
	var b [idBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return IDFromBytes(b), nil
}

// IDFromBytes writes 16 bytes as an id.
func IDFromBytes(b [idBytes]byte) ID {
	var out [idLen]byte
	acc, bits, n := uint32(0), 0, 0
	for _, x := range b {
		acc, bits = acc<<8|uint32(x), bits+8
		for ; bits >= 5; n++ {
			bits -= 5
			out[n] = crockBig[acc>>bits&31]
		}
	}
	out[n] = crockBig[acc<<(5-bits)&31]
	return ID(out[:])
}

// ParseID accepts exactly what IDFromBytes writes. The error wraps ErrMalformed.
func ParseID(s string) (ID, error) {
	if len(s) != idLen {
		return "", fmt.Errorf("%w: an id has %d characters, not %d", ErrMalformed, idLen, len(s))
	}
	for i := range len(s) {
		if strings.IndexByte(crockBig, s[i]) < 0 {
			return "", fmt.Errorf("%w: an id has no character %q", ErrMalformed, s[i])
		}
	}
	if strings.IndexByte(crockBig, s[idLen-1])&3 != 0 {
		return "", fmt.Errorf("%w: the last character of the id holds bits past 128", ErrMalformed)
	}
	return ID(s), nil
}

// Code is the post code of a post, for people to say and to print: the first 20
// bits of its id. Several posts may share one.
func Code(post ID) string {
	if len(post) < codeLen {
		return string(post)
	}
	return string(post[:codeLen])
}

// ParseCode reads a post code as people write it: in capitals, with blanks and
// hyphens, with the letters that look like digits.
func ParseCode(s string) (string, error) {
	if len(s) > 4*codeLen {
		return "", fmt.Errorf("%w: a post code has %d characters", ErrMalformed, codeLen)
	}
	code := plainCode(s)
	if len(code) != codeLen || strings.Trim(code, crockBig) != "" {
		return "", fmt.Errorf("%w: %q is no post code", ErrMalformed, s)
	}
	return code, nil
}

// plainCode takes blanks, hyphens, capitals and letters that look like digits out
// of what people wrote.
func plainCode(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "i", "1", "l", "1", "o", "0").Replace(strings.ToLower(s))
}
