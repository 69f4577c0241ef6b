package badger

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

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

// codec compresses and expands the bodies of records, for several goroutines at once.
//
// What that needs, some 600 KiB for each effort and 300 to expand, is kept from one record
// to the next while there is work, and is the collector's after it.
type codec struct {
	dictionary  *s2.Dict
	compressors [effortMerge + 1]sync.Pool // of *compressor
	decoders    sync.Pool                  // of *zstd.Decoder
}

// compressor is what each record is made in.
type compressor struct {
	zstd         *zstd.Encoder
	lean, stored []byte
	before       hashes
}

const (
	// windowBytes is how far back zstd looks for what it has seen: over a whole record
	// but for those of one large change. An encoder keeps that much memory and more, by
	// default 4 MiB for a commit and 8 for a merge.
	windowBytes = 2 * recordBytesMax

	// scratchMax is how much memory a compressor keeps from one record to the next for
	// each of its two bodies: an ordinary record, and not the largest.
	scratchMax = 2 * recordBytesMax
)

func newCodec() *codec {
	c := &codec{dictionary: s2.MakeDict(dictionary1, nil)}
	for effort, options := range [][]zstd.EOption{
		effortCommit: {zstd.WithEncoderLevel(zstd.SpeedFastest)},
		effortMerge:  {zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderDictRaw(dictionaryID, dictionary1)},
	} {
		options = append(options,
			zstd.WithEncoderConcurrency(1), // for a goroutine that has it
			zstd.WithEncoderCRC(false),     // the record has a checksum
			zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(windowBytes),
		)
		c.compressors[effort].New = func() any { return &compressor{zstd: must(zstd.NewWriter(nil, options...))} }
	}
	c.decoders.New = func() any {
		return must(zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(bodyBytesMax),
			zstd.WithDecoderDictRaw(dictionaryID, dictionary1),
		))
	}
	return c
}

// must returns what zstd makes of options that are always the same.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// keep gives back a compressor, without the memory of a large record.
func (c *codec) keep(effort effort, w *compressor) {
	if cap(w.lean) > scratchMax || cap(w.stored) > scratchMax {
		w.lean, w.stored, w.before = nil, nil, nil
	}
	c.compressors[effort].Put(w)
}

// compress returns the stored form of the lean body of w, in w; ok is false if it has not
// less than most bytes.
func (c *codec) compress(effort effort, w *compressor, most int) (encoding byte, stored []byte, ok bool) {
	switch {
	case effort == effortMerge:
		encoding, w.stored = encodingLeanDict, w.zstd.EncodeAll(w.lean, w.stored[:0])
	case len(w.lean) <= smallBodyMax:
		w.stored = slices.Grow(w.stored[:0], s2.MaxEncodedLen(smallBodyMax))
		encoding, w.stored = encodingLeanS2, c.dictionary.Encode(w.stored, w.lean)
	default:
		encoding, w.stored = encodingLeanZstd, w.zstd.EncodeAll(w.lean, w.stored[:0])
	}
	return encoding, w.stored, len(w.stored) < most
}

// expand returns the body of want bytes, in a slice of its own, and whether it
// is a lean one.
func (c *codec) expand(encoding byte, stored []byte, want int) (body []byte, lean bool, err error) {
	switch encoding {
	case encodingRaw:
		body = append(make([]byte, 0, len(stored)), stored...)
	case encodingZstd, encodingLeanZstd, encodingLeanDict:
		lean = encoding != encodingZstd
		decoder := c.decoders.Get().(*zstd.Decoder)
		body, err = decoder.DecodeAll(stored, make([]byte, 0, want))
		c.decoders.Put(decoder)
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
