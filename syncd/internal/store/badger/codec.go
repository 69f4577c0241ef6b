package badger

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// How the body of a record is stored. The numbers are in FORMAT.md and are
// never reused.
const (
	encodingRaw      = 1
	encodingZstd     = 2 // no longer written
	encodingLeanS2   = 3 // a lean body, S2 with dictionary 1
	encodingLeanZstd = 4 // a lean body, zstd
	encodingLeanDict = 5 // a lean body, zstd with dictionary 1
)

// dictionaryID is what zstd's frames call dictionary 1.
const dictionaryID = 1

// smallBodyMax is the size of a lean body up to which the dictionary is used,
// which knows what a board's changes look like; a larger body has examples of its
// own, and zstd makes more of them.
//
// What was measured with single changes of 375 bytes, which are 367 when lean: zstd
// leaves all of them, with the dictionary 274 in 13 µs, as it resets its tables of
// 256 KiB for each, and S2 with the dictionary 286 in 1.7 µs. A commit of 20 appends
// costs 18 µs for each of them with its flush.
// With S2 a change alone takes 23 % less, and a commit costs 1.5 µs more for each.
// Merge, for which nobody waits, has zstd with the dictionary: of ten changes of 366
// bytes it leaves 206 each, all included, and 237 without.
const smallBodyMax = 3 << 10

//go:embed dictionary-1.bin
var dictionary1 []byte

// effort is how much work is put into a record.
type effort int

const (
	effortCommit effort = iota // somebody waits
	effortMerge                // nobody waits, and it is kept for long
)

// codec compresses and expands the bodies of records. Expanding is for several
// goroutines at once, compressing for one of each effort.
type codec struct {
	dictionary *s2.Dict
	encoders   [effortMerge + 1]*zstd.Encoder
	decoder    *zstd.Decoder
	scratch    [effortMerge + 1]scratch // owned by whoever compresses
}

// windowBytes is how far back zstd looks for what it has seen: over a whole record
// but for those of one large change. An encoder keeps that much memory and more, by
// default 4 MiB for a commit and 8 for a merge.
const windowBytes = 2 * recordBytesMax

// scratch is memory that each record is made in.
type scratch struct {
	lean, stored []byte
	before       hashes
}

// scratchMax is how much of it is kept from one record to the next, in bytes of a
// body: an ordinary record, and not the largest.
const scratchMax = 2 * recordBytesMax

func (s *scratch) trim() {
	if cap(s.lean) > scratchMax || cap(s.stored) > scratchMax {
		*s = scratch{}
	}
}

func newCodec() (*codec, error) {
	c := &codec{dictionary: s2.MakeDict(dictionary1, nil)}
	for effort, options := range [][]zstd.EOption{
		effortCommit: {zstd.WithEncoderLevel(zstd.SpeedFastest)},
		effortMerge:  {zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderDictRaw(dictionaryID, dictionary1)},
	} {
		encoder, err := zstd.NewWriter(nil, append(options,
			zstd.WithEncoderConcurrency(1), // there is one writer, and one merge at a time
			zstd.WithEncoderCRC(false),     // the record has a checksum
			zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(windowBytes),
		)...)
		if err != nil {
			return nil, fmt.Errorf("zstd encoder: %w", err)
		}
		c.encoders[effort] = encoder
	}
	decoder, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(2),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(bodyBytesMax),
		zstd.WithDecoderDictRaw(dictionaryID, dictionary1),
	)
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	c.decoder = decoder
	return c, nil
}

func (c *codec) close() {
	for _, e := range c.encoders {
		e.Close()
	}
	c.decoder.Close()
}

// compress returns the stored form of the lean body in the scratch of an effort,
// where it stays until the next record; ok is false if it has not less than most bytes.
func (c *codec) compress(effort effort, most int) (encoding byte, stored []byte, ok bool) {
	s := &c.scratch[effort]
	switch {
	case effort == effortMerge:
		encoding, s.stored = encodingLeanDict, c.encoders[effort].EncodeAll(s.lean, s.stored[:0])
	case len(s.lean) <= smallBodyMax:
		s.stored = slices.Grow(s.stored[:0], s2.MaxEncodedLen(smallBodyMax))
		encoding, s.stored = encodingLeanS2, c.dictionary.Encode(s.stored, s.lean)
	default:
		encoding, s.stored = encodingLeanZstd, c.encoders[effort].EncodeAll(s.lean, s.stored[:0])
	}
	return encoding, s.stored, len(s.stored) < most
}

// expand returns the body of want bytes, in a slice of its own, and whether it
// is a lean one.
func (c *codec) expand(encoding byte, stored []byte, want int) (body []byte, lean bool, err error) {
	switch encoding {
	case encodingRaw:
		body = append(make([]byte, 0, len(stored)), stored...)
	case encodingZstd:
		body, err = c.decoder.DecodeAll(stored, make([]byte, 0, want))
	case encodingLeanZstd, encodingLeanDict:
		lean = true
		body, err = c.decoder.DecodeAll(stored, make([]byte, 0, want))
	case encodingLeanS2:
		lean = true
		var size int
		if size, err = s2.DecodedLen(stored); err == nil && size == want { // before there is memory
			body, err = c.dictionary.Decode(make([]byte, 0, want), stored)
		}
	default:
		return nil, false, fmt.Errorf("unknown encoding %d", encoding)
	}
	if err == nil && len(body) != want {
		err = fmt.Errorf("body expands to %d bytes, header says %d", len(body), want)
	}
	return body, lean, err
}
