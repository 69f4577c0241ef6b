package edge

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// appendFrame appends a websocket frame with an empty mask, or without one.
func appendFrame(dst []byte, first byte, masked bool, payload int) []byte {
	mask := byte(0)
	if masked {
		mask = frameMasked
	}
	switch {
	case payload < 126:
		dst = append(dst, first, mask|byte(payload))
	case payload < 1<<16:
		dst = append(dst, first, mask|126, byte(payload>>8), byte(payload))
	default:
		dst = append(dst, first, mask|127, 0, 0, 0, 0, byte(payload>>24), byte(payload>>16), byte(payload>>8), byte(payload))
	}
	if masked {
		dst = append(dst, 0, 0, 0, 0)
	}
	return append(dst, make([]byte, payload)...)
}

func TestFramingFollowsFramesHoweverTheyAreCut(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var stream []byte
		ends := map[int]int{0: 0} // how many messages and control frames have ended where nothing is begun
		ended, open := 0, false
		for range 1 + rnd.IntN(20) {
			payload := []int{0, 1, 125, 126, 300, 1<<16 - 1, 1 << 16}[rnd.IntN(7)]
			switch control, last := rnd.IntN(3) == 0, rnd.IntN(2) == 0; {
			case control:
				stream = appendFrame(stream, frameFin|opPong, rnd.IntN(2) == 0, min(payload, pongBytesMax))
				ended++
			case last:
				stream = appendFrame(stream, frameFin|opBinary, rnd.IntN(2) == 0, payload)
				ended++
				open = false
			default:
				stream = appendFrame(stream, opBinary, rnd.IntN(2) == 0, payload)
				open = true
			}
			if !open {
				ends[len(stream)] = ended
			}
		}
		var f framing
		for at := 0; ; {
			want, whole := ends[at]
			if f.between() != whole || whole && f.ended != want {
				t.Fatalf("seed %d, byte %d of %d: between frames %v, %d ended; want %v, %d", seed, at, len(stream), f.between(), f.ended, whole, want)
			}
			if at == len(stream) {
				break
			}
			n := 1 + rnd.IntN(min(len(stream)-at, 1+rnd.IntN(100_000)))
			f.pass(stream[at : at+n])
			at += n
		}
	}
}

func FuzzFraming(f *testing.F) {
	f.Add(appendFrame(nil, frameFin|opBinary, true, 3), uint(2))
	f.Add([]byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1}, uint(9))
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		var whole, parts framing
		whole.pass(data)
		at := int(cut % uint(len(data)+1))
		parts.pass(data[:at])
		parts.pass(data[at:])
		if whole.between() != parts.between() || whole.ended != parts.ended || whole.payload != parts.payload {
			t.Errorf("%+v, and in two parts %+v", whole, parts)
		}
		if h, ok := readHead(data); ok {
			if n := h.whole(data); n > len(data) || n > 0 && !bytes.HasPrefix(data, data[:n]) {
				t.Errorf("a frame of %d bytes in %d", n, len(data))
			}
		}
	})
}

// RFC 6455, 5.3
func TestAPayloadIsUnmaskedAtAnyLength(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for n := range 300 {
		frame := appendFrame(nil, frameFin|opBinary, true, n)
		h, ok := readHead(frame)
		if !ok {
			t.Fatalf("%d bytes: no head", n)
		}
		key, masked := frame[h.bytes-4:h.bytes], frame[h.bytes:]
		for i := range key {
			key[i] = byte(rnd.Uint32())
		}
		want := make([]byte, n)
		for i := range want {
			want[i] = byte(rnd.Uint32())
			masked[i] = want[i] ^ key[i%4]
		}
		if !bytes.Equal(h.unmasked(frame), want) {
			t.Errorf("%d bytes are not what was masked", n)
		}
	}
}

// RFC 6455, 5.2: a length is written in as few bytes as can be.
func TestHeadsAreWrittenAtAnyLength(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 24} {
		head := appendHead([]byte("before"), frameFin|opBinary, n)
		if want := appendFrame([]byte("before"), frameFin|opBinary, false, n); !bytes.Equal(head, want[:len(want)-n]) {
			t.Errorf("%d bytes: % x, want % x", n, head, want[:len(want)-n])
		}
		if h, ok := readHead(head[len("before"):]); !ok || h.payload != uint64(n) || h.masked || h.first != frameFin|opBinary {
			t.Errorf("%d bytes are read as %+v", n, h)
		}
	}
}
