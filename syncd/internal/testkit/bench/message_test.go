package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"testing"
)

// chunkOn is a change chunk without operations that builds on the given changes.
func chunkOn(deps ...hash) post {
	body := append(appendHashes(nil, deps), 1, 0xaa, 1, 1, 0, 0, 0, 0)
	framed := append(binary.AppendUvarint([]byte{chunkChange}, uint64(len(body))), body...)
	sum := sha256.Sum256(framed)
	return post{hash: sum, deps: deps, chunk: slices.Concat([]byte{0x85, 0x6f, 0x4a, 0x83}, sum[:4], framed)}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	first := chunkOn()
	second := chunkOn(first.hash)
	m, err := decodeSync(message{heads: []hash{second.hash}, need: []hash{{7}}, last: []hash{first.hash}, since: []post{second}, changes: []post{first, second}, declared: true}.encode())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.heads, []hash{second.hash}) {
		t.Errorf("heads are %x, want %x", m.heads, second.hash)
	}
	if !slices.Equal(m.need, []hash{{7}}) {
		t.Errorf("needs are %x", m.need)
	}
	if len(m.have) != 1 || !slices.Equal(m.have[0].last, []hash{first.hash}) || !m.have[0].since.contains(second.hash) || m.have[0].since.contains(first.hash) {
		t.Errorf("have is %v", m.have)
	}
	if len(m.changes) != 2 || m.changes[1].hash != second.hash || !slices.Equal(m.changes[1].deps, []hash{first.hash}) {
		t.Errorf("changes are %v", m.changes)
	}
}

func TestMessagesThatEndEarlyAreRefused(t *testing.T) {
	p := chunkOn()
	whole := message{heads: []hash{p.hash}, changes: []post{p}}.encode()
	for end := range whole {
		if _, err := decodeSync(whole[:end]); err == nil {
			t.Errorf("the first %d of %d bytes were read without an error", end, len(whole))
		}
	}
}

// A client that took a change drops the heads it builds on, and only those.
func TestHeadsFollowTheChanges(t *testing.T) {
	base, left, right := chunkOn(), hash{1}, hash{2}
	c := newDocument(true)
	c.take(change{hash: base.hash, whole: true})
	c.take(change{hash: left, deps: []hash{base.hash}})
	c.take(change{hash: right, deps: []hash{base.hash}})
	c.take(change{hash: left, deps: []hash{base.hash}})
	if !slices.Equal(c.heads, []hash{left, right}) {
		t.Errorf("heads are %x, want both sides of the fork", c.heads)
	}
	c.take(change{hash: hash{3}, deps: []hash{left, right}})
	if !slices.Equal(c.heads, []hash{{3}}) {
		t.Errorf("heads are %x, want the merge alone", c.heads)
	}
	c.take(change{hash: hash{4}, whole: true})
	if !slices.Equal(c.heads, []hash{{4}}) {
		t.Errorf("heads are %x, want those of the whole document", c.heads)
	}
}

// The filter that automerge 3.5.0 makes of these five changes.
func TestBloomFilterIsThatOfAutomerge(t *testing.T) {
	var entries []post
	for _, name := range []string{
		"9d836048dd01e3ee33539d25bff61f0a0ddfb6bacba7b4dbf306ffaa57115489",
		"9c06b279376e94cadf28b1df7b6f5949eebd42502acf34ca0d92863a2927aa75",
		"bca4f06091132588c9900030ae112c1f55920418eb9f5120c5c950e64f3d8d82",
		"228ef3f365553d75308fb840097281004437649b984794d09581e21f077957a1",
		"885929daba6e6b5afca23f586d36929320b8d144245a81391551acae814e9e7f",
	} {
		raw, err := hex.DecodeString(name)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, post{hash: hash(raw)})
	}
	if got := hex.EncodeToString(encodeBloom(entries)); got != "050a075391bb41462cad" {
		t.Errorf("the filter is %s", got)
	}
	if encodeBloom(nil) != nil {
		t.Error("a filter of nothing has to be empty")
	}
}

func TestDocumentIDs(t *testing.T) {
	form := regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{26,28}$`)
	for range 100 {
		if id := newDocumentID(); !form.MatchString(id) {
			t.Fatalf("%q is no base58 of 20 bytes", id)
		}
	}
}

func TestQuantiles(t *testing.T) {
	all := []float64{5, 1, 4, 2, 3}
	if got := quantile(all, 0.5); got != 3 {
		t.Errorf("the median is %v, want 3", got)
	}
	if got := quantile(all, 1); got != 5 {
		t.Errorf("the most is %v, want 5", got)
	}
}
