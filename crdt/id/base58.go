package id

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Base58check: the payload and the first four bytes of its double SHA-256,
// read as one big-endian number and written in base 58 without the look-alike
// characters 0, O, I and l; each leading zero byte becomes a leading "1".
// Source: https://en.bitcoin.it/wiki/Base58Check_encoding, without its version
// byte, as the npm package bs58check writes it.
//
// Every frame carries such a text, so the number is held in 32-bit limbs and
// five characters are converted at a time: 58^5 is the largest power of 58
// that fits a limb.

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

const (
	checkBytes  = 4
	payloadMax  = 32 // a change hash is the longest payload
	limbsMax    = (payloadMax + checkBytes) / 4
	groupDigits = 5
	groupValue  = 58 * 58 * 58 * 58 * 58
	encodedMax  = limbsMax*6 + groupDigits // a limb needs fewer than 6 characters
	zeroDigit   = '1'
)

var digits = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = int8(i)
	}
	return t
}()

var (
	errCharacter = errors.New("not base58")
	errChecksum  = errors.New("checksum does not match")
)

func checksum(payload []byte) (sum [checkBytes]byte) {
	once := sha256.Sum256(payload)
	twice := sha256.Sum256(once[:])
	copy(sum[:], twice[:])
	return sum
}

// appendCheck appends the base58check form of at most payloadMax bytes, a
// multiple of four.
func appendCheck(dst, payload []byte) []byte {
	var full [payloadMax + checkBytes]byte
	n := copy(full[:], payload)
	sum := checksum(payload)
	n += copy(full[n:], sum[:])
	return appendBase58(dst, full[:n])
}

func appendBase58(dst, b []byte) []byte {
	var limbs [limbsMax]uint32 // most significant first
	number := limbs[:len(b)/4]
	for i := range number {
		number[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	var out [encodedMax]byte
	at := len(out)
	for len(number) > 0 {
		if number[0] == 0 {
			number = number[1:]
			continue
		}
		var rest uint64
		for i, limb := range number {
			v := rest<<32 | uint64(limb)
			number[i] = uint32(v / groupValue)
			rest = v % groupValue
		}
		for range groupDigits {
			at--
			out[at] = alphabet[rest%58]
			rest /= 58
		}
	}
	for at < len(out) && out[at] == zeroDigit {
		at++
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		dst = append(dst, zeroDigit)
	}
	return append(dst, out[at:]...)
}

// decodeCheck fills payload, whose length is a multiple of four and at most
// payloadMax, or returns an error.
func decodeCheck(payload []byte, s string) error {
	var full [payloadMax + checkBytes]byte
	b := full[:len(payload)+checkBytes]
	if err := decodeBase58(b, s); err != nil {
		return err
	}
	sum := checksum(b[:len(payload)])
	if string(sum[:]) != string(b[len(payload):]) {
		return errChecksum
	}
	copy(payload, b)
	return nil
}

// decodeBase58 fills b exactly: a text for more or fewer bytes is an error.
func decodeBase58(b []byte, s string) error {
	// Base 58 needs fewer than 1.4 characters a byte.
	if len(s) > len(b)*7/5+1 {
		return ErrTooLong
	}
	zeros := 0
	for zeros < len(s) && s[zeros] == zeroDigit {
		zeros++
	}
	var limbs [limbsMax]uint32
	number := limbs[:len(b)/4]
	for rest := s[zeros:]; rest != ""; {
		n := min(groupDigits, len(rest))
		carry, scale := uint64(0), uint64(1)
		for i := range n {
			d := digits[rest[i]]
			if d < 0 {
				return errCharacter
			}
			carry, scale = carry*58+uint64(d), scale*58
		}
		rest = rest[n:]
		for i := len(number) - 1; i >= 0; i-- {
			v := uint64(number[i])*scale + carry
			number[i], carry = uint32(v), v>>32
		}
		if carry > 0 {
			return ErrTooLong
		}
	}
	if have := zeros + significantBytes(number); have != len(b) {
		return fmt.Errorf("has %d bytes with its checksum, want %d", have, len(b))
	}
	for i, limb := range number {
		binary.BigEndian.PutUint32(b[4*i:], limb)
	}
	return nil
}

func significantBytes(number []uint32) int {
	for i, limb := range number {
		if limb != 0 {
			return (bits.Len32(limb)+7)/8 + 4*(len(number)-1-i)
		}
	}
	return 0
}
