package main

import (
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"slices"
)

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// newDocumentID makes a random document id: base58 of 16 bytes and the first 4 of their double SHA-256.
func newDocumentID() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	raw[0] |= 1 // no leading zero, which base58 writes in another way
	once := sha256.Sum256(raw)
	twice := sha256.Sum256(once[:])
	n := new(big.Int).SetBytes(append(raw, twice[:4]...))
	var digits []byte
	for digit := new(big.Int); n.Sign() > 0; {
		n.DivMod(n, big.NewInt(58), digit)
		digits = append(digits, base58[digit.Int64()])
	}
	slices.Reverse(digits)
	return string(digits)
}
