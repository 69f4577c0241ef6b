package badger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"testing"
)

var makeDictionary = flag.String("make-dictionary", "", "write a dictionary of board changes to this file")

//go:generate go test -run TestMakeDictionary -make-dictionary dictionary-1.bin .

// dictionarySum is the SHA-256 of dictionary 1. Stores hold records that nobody
// can read without these very bytes: a better dictionary gets a number, a file and
// an encoding of its own.
const dictionarySum = "10588aaae373d3261a44d3cb5509256bfee0a88b2a27cdf65ef3e8e997fd10df"

func TestDictionaryNeverChanges(t *testing.T) {
	got := sha256.Sum256(dictionary1)
	if hex.EncodeToString(got[:]) != dictionarySum {
		t.Errorf("dictionary 1 has the SHA-256 %x; stores that were written with it cannot be read", got)
	}
}

// TestMakeDictionary is the program that makes a dictionary, of the pages that
// corpus writes from every other post of examples/data. Given the same posts and the
// same writers it makes the same bytes.
func TestMakeDictionary(t *testing.T) {
	if *makeDictionary == "" {
		t.Skip("makes a file: see -make-dictionary")
	}
	var bodies [][]byte
	for seed := range uint64(4) {
		for _, change := range newCorpus(t, seed, corpusPosts(t, 0)).take(500) {
			bodies = append(bodies, appendLean(nil, change, new(hashes)))
		}
	}
	if err := os.WriteFile(*makeDictionary, pieces(bodies, 16<<10, 64), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pieces chooses pieces of the bodies, each of size bytes, that together are a
// dictionary of total bytes. The bodies are cut into as many stretches as there are
// pieces, and of each the piece is taken whose grams occur in most bodies and in
// no piece chosen before. What is most common comes last, nearest to what is compressed.
func pieces(bodies [][]byte, total, size int) []byte {
	const gram, step = 6, 4
	grams := func(b []byte, f func(string)) {
		for i := 0; i+gram <= len(b); i++ {
			f(string(b[i : i+gram]))
		}
	}
	count := map[string]int{}
	for _, b := range bodies {
		seen := map[string]bool{}
		grams(b, func(g string) {
			if !seen[g] {
				seen[g] = true
				count[g]++
			}
		})
	}
	all, n := bytes.Join(bodies, nil), total/size
	var dictionary []byte
	for i := range n {
		stretch := all[i*len(all)/n : (i+1)*len(all)/n]
		var best []byte
		most := -1
		for at := 0; at+size <= len(stretch); at += step {
			score, seen := 0, map[string]bool{}
			grams(stretch[at:at+size], func(g string) {
				if c := count[g]; c > 1 && !seen[g] {
					seen[g] = true
					score += c
				}
			})
			if score > most {
				most, best = score, stretch[at:at+size]
			}
		}
		grams(best, func(g string) { delete(count, g) })
		dictionary = append(bytes.Clone(best), dictionary...)
	}
	return dictionary
}
