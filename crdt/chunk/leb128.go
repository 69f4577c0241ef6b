package chunk

// LEB128 in its minimal form only. A number that is encoded longer than needed,
// does not fit 64 bits or is cut off is refused.

const lebBytesMax = 10

// uleb reads an unsigned number from the start of b and returns how many bytes
// it took, 0 if it is malformed.
func uleb(b []byte) (v uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return ulebLong(b)
}

func ulebLong(b []byte) (v uint64, n int) {
	for i := 0; i < len(b) && i < lebBytesMax; i++ {
		c := b[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 || i == lebBytesMax-1 && c > 1 {
				return 0, 0
			}
			return v, i + 1
		}
	}
	return 0, 0
}

// sleb reads a signed number from the start of b; n is 0 if it is malformed.
func sleb(b []byte) (v int64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int64(b[0]&0x3f) - int64(b[0]&0x40), 1
	}
	return slebLong(b)
}

func slebLong(b []byte) (v int64, n int) {
	for i := 0; i < len(b) && i < lebBytesMax; i++ {
		c := b[i]
		v |= int64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		if i > 0 {
			sign := b[i-1] & 0x40
			if c == 0 && sign == 0 || c == 0x7f && sign != 0 {
				return 0, 0
			}
		}
		if i == lebBytesMax-1 {
			if c != 0 && c != 0x7f {
				return 0, 0
			}
			return v, i + 1
		}
		if c&0x40 != 0 {
			v |= -1 << (7 * (i + 1))
		}
		return v, i + 1
	}
	return 0, 0
}

func appendUleb(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendSleb(b []byte, v int64) []byte {
	for v < -0x40 || v >= 0x40 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}
