package id_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tavle-org/tavle/crdt/id"
)

// Made with the npm package bs58check 3.0.1.
var documentVectors = []struct{ payload, text string }{
	{"00000000000000000000000000000000", "11111111111111114Ki9Gx"},
	{"00000000000000000000000000000001", "1111111111111118k14cG"},
	{"000102030405060708090a0b0c0d0e0f", "1Bhh3pU9gLXZiNDL6PEa1Gs9fh"},
	{"5b2d7e0c3f1a4968871fa2b3c4d5e6f7", "2Gg9iD1YkVRgYeiK2WgZeegammdb"},
	{"ffffffffffffffffffffffffffffffff", "4ZrjxJnU1LA5xSyrWMNuXTozYEvA"},
}

var headVectors = []struct{ payload, text string }{
	{strings.Repeat("00", 32), "11111111111111111111111111111111273Yts"},
	{"0000" + strings.Repeat("a5", 30), "114kC7HmCiidEdZuiHw6iqHm6iKDC34U3UYtVoyMj1KPPFjcc"},
	{"80" + strings.Repeat("00", 31), "yNb7j1viLcZunrTHozyfJPTZJrprRSPpY485Lwzq1CFQPxF7A"},
	{strings.Repeat("ff", 32), "2wkBET2rRgE8pahuaczxKbmv7ciehqsne57F9gtzf1PVZS9BEY"},
}

func TestDocumentText(t *testing.T) {
	for _, v := range documentVectors {
		payload, _ := hex.DecodeString(v.payload)
		d := id.Document(payload)
		if d.String() != v.text || string(d.Append([]byte("x"))) != "x"+v.text {
			t.Errorf("%s is written %s, want %s", v.payload, d, v.text)
		}
		if got, err := id.ParseDocument(v.text); err != nil || got != d {
			t.Errorf("%s is read as %x, error %v", v.text, got, err)
		}
		if got, err := id.ParseDocumentURL(d.URL()); err != nil || got != d || d.URL() != "automerge:"+v.text {
			t.Errorf("URL %s is read as %x, error %v", d.URL(), got, err)
		}
	}
}

func TestHeadText(t *testing.T) {
	for _, v := range headVectors {
		h, err := id.ParseChangeHash(v.payload)
		if err != nil {
			t.Fatal(err)
		}
		if h.Head() != v.text || string(h.AppendHead([]byte("x"))) != "x"+v.text {
			t.Errorf("%s is written %s, want %s", v.payload, h.Head(), v.text)
		}
		if got, err := id.ParseHead(v.text); err != nil || got != h {
			t.Errorf("%s is read as %s, error %v", v.text, got, err)
		}
		if h.String() != v.payload {
			t.Errorf("String is %s, want %s", h, v.payload)
		}
	}
}

func TestDocumentRefused(t *testing.T) {
	const good = "2Gg9iD1YkVRgYeiK2WgZeegammdb"
	for name, text := range map[string]string{
		"empty":                      "",
		"URL":                        "automerge:" + good,
		"last character changed":     good[:len(good)-1] + "c",
		"first character changed":    "3" + good[1:],
		"two characters changed":     "2Ggi9D1YkVRgYeiK2WgZeegammdb",
		"one zero byte more":         "1" + good,
		"cut short":                  good[:27],
		"longer":                     good + "1",
		"character 0":                "0" + good[1:],
		"character l":                "l" + good[1:],
		"character above ASCII":      "é" + good[2:],
		"a space before":             " " + good[1:],
		"only zeros":                 strings.Repeat("1", 20),
		"a byte fewer":               "111111111111111" + "4Ki9Gx",
		"a change hash":              headVectors[3].text,
		"number over the limit":      strings.Repeat("z", 28),
		"very long":                  strings.Repeat("z", 1<<20),
		"very long and out of range": strings.Repeat("1", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			d, err := id.ParseDocument(text)
			if err == nil {
				t.Fatalf("read as %x", d)
			}
			if len(err.Error()) > 300 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
	for _, url := range []string{good, "automerge:", "automerge:" + good + "#abc", "Automerge:" + good} {
		if d, err := id.ParseDocumentURL(url); err == nil {
			t.Errorf("URL %s read as %x", url, d)
		}
	}
	for _, n := range []int{0, 15, 17, 32} {
		if _, err := id.DocumentFromBytes(make([]byte, n)); err == nil {
			t.Errorf("%d bytes read as a document id", n)
		}
	}
}

func TestLabels(t *testing.T) {
	parsers := map[string]func(string) error{
		"peer":    func(s string) error { _, err := id.ParsePeer(s); return err },
		"storage": func(s string) error { _, err := id.ParseStorage(s); return err },
	}
	for name, parse := range parsers {
		if err := parse("Æble 🍎"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := parse(strings.Repeat("x", 256)); err != nil {
			t.Errorf("%s of 256 bytes: %v", name, err)
		}
		if err := parse(strings.Repeat("x", 257)); !errors.Is(err, id.ErrTooLong) {
			t.Errorf("%s of 257 bytes: %v", name, err)
		}
		if err := parse(""); !errors.Is(err, id.ErrEmpty) {
			t.Errorf("empty %s: %v", name, err)
		}
		if err := parse("\xff"); err == nil {
			t.Errorf("%s that is no UTF-8 is accepted", name)
		}
	}
}

func TestActor(t *testing.T) {
	a, err := id.ParseActor("00Ff")
	if err != nil || a != "\x00\xff" || a.String() != "00ff" {
		t.Errorf("actor 00Ff is read as %q, error %v", string(a), err)
	}
	for _, s := range []string{"", "0", "0g", strings.Repeat("00", 129)} {
		if a, err := id.ParseActor(s); err == nil {
			t.Errorf("actor %.20s read as %q", s, string(a))
		}
	}
	raw := []byte{1, 2}
	a, _ = id.ActorFromBytes(raw)
	raw[0] = 9
	if a != "\x01\x02" {
		t.Error("an actor changes with the bytes it was read from")
	}
	if _, err := id.ActorFromBytes(make([]byte, id.ActorBytesMax)); err != nil {
		t.Errorf("longest actor: %v", err)
	}
}

func TestChangeHash(t *testing.T) {
	for _, s := range []string{"", strings.Repeat("0", 63), strings.Repeat("0", 65), strings.Repeat("g", 64)} {
		if _, err := id.ParseChangeHash(s); err == nil {
			t.Errorf("%q read as a change hash", s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := id.ChangeHash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "a"))
		b := a
		b[rapid.IntRange(0, 31).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if got, want := a.Compare(b), bytes.Compare(a[:], b[:]); got != want {
			t.Errorf("%s compared with %s is %d, want %d", a, b, got, want)
		}
	})
}

func TestNewIDs(t *testing.T) {
	documents, storages := map[id.Document]bool{}, map[id.Storage]bool{}
	for range 100 {
		documents[id.NewDocument()] = true
		s := id.NewStorage()
		storages[s] = true
		if p := strings.Split(string(s), "-"); len(s) != 36 || len(p) != 5 || p[2][0] != '4' || !strings.Contains("89ab", p[3][:1]) {
			t.Fatalf("storage id %s is no version 4 UUID", s)
		}
	}
	if len(documents) != 100 || len(storages) != 100 {
		t.Error("two new ids are the same")
	}
}

// bigBase58 is base58check by way of big.Int: slow, and plainly right.
func bigBase58(payload []byte) string {
	once := sha256.Sum256(payload)
	twice := sha256.Sum256(once[:])
	full := append(bytes.Clone(payload), twice[:4]...)
	out := bigDigits(new(big.Int).SetBytes(full))
	for i := 0; i < len(full) && full[i] == 0; i++ {
		out = "1" + out
	}
	return out
}

func bigDigits(n *big.Int) string {
	base, digit := big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, digit)
		out = append([]byte{"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit.Int64()]}, out...)
	}
	return string(out)
}

func TestBase58AgainstBigInt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zeros := rapid.IntRange(0, 16).Draw(t, "zeros")
		var d id.Document
		copy(d[zeros:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "document"))
		if want := bigBase58(d[:]); d.String() != want {
			t.Fatalf("%x is written %s, want %s", d[:], d, want)
		}
		if got, err := id.ParseDocument(d.String()); err != nil || got != d {
			t.Fatalf("%s is read as %x, error %v", d, got, err)
		}
		var h id.ChangeHash
		copy(h[2*zeros:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		if want := bigBase58(h[:]); h.Head() != want {
			t.Fatalf("%x is written %s, want %s", h[:], h.Head(), want)
		}
		if got, err := id.ParseHead(h.Head()); err != nil || got != h {
			t.Fatalf("%s is read as %x, error %v", h.Head(), got, err)
		}
	})
}

// TestBase58IsUnique: a number that is a whole 2^160 larger has the same last 20
// bytes, and is no second way to write them.
func TestBase58IsUnique(t *testing.T) {
	sum := func(b []byte) []byte {
		once := sha256.Sum256(b)
		twice := sha256.Sum256(once[:])
		return append(bytes.Clone(b), twice[:4]...)
	}
	for _, v := range documentVectors {
		payload, _ := hex.DecodeString(v.payload)
		n := new(big.Int).SetBytes(sum(payload))
		for range 3 {
			n.Add(n, new(big.Int).Lsh(big.NewInt(1), 160))
			if d, err := id.ParseDocument(bigDigits(n)); err == nil {
				t.Errorf("%s is read as %s", bigDigits(n), d)
			}
		}
	}
}

// FuzzParse: whatever a parser accepts, the identifier gives back.
func FuzzParse(f *testing.F) {
	for _, v := range append(documentVectors, headVectors...) {
		f.Add(v.text)
		f.Add(id.URLPrefix + v.text)
		f.Add(v.payload)
	}
	f.Add("")
	f.Add(strings.Repeat("1", 60))
	f.Add(strings.Repeat("z", 50))
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := id.ParseDocument(s); err == nil && d.String() != s {
			t.Errorf("document %q comes back as %q", s, d)
		}
		if d, err := id.ParseDocumentURL(s); err == nil && d.URL() != s {
			t.Errorf("URL %q comes back as %q", s, d.URL())
		}
		if h, err := id.ParseHead(s); err == nil && h.Head() != s {
			t.Errorf("head %q comes back as %q", s, h.Head())
		}
		if h, err := id.ParseChangeHash(s); err == nil && !strings.EqualFold(h.String(), s) {
			t.Errorf("change hash %q comes back as %q", s, h)
		}
		if a, err := id.ParseActor(s); err == nil && !strings.EqualFold(a.String(), s) {
			t.Errorf("actor %q comes back as %q", s, a)
		}
		if p, err := id.ParsePeer(s); err == nil && string(p) != s {
			t.Errorf("peer %q comes back as %q", s, p)
		}
		// The raw payload of a random text, written and read.
		if len(s) >= 16 {
			d := id.Document([]byte(s[:16]))
			if got, err := id.ParseDocument(d.String()); err != nil || got != d {
				t.Errorf("document %x comes back as %x, error %v", d, got, err)
			}
		}
	})
}

func BenchmarkDocumentAppend(b *testing.B) {
	var buf [64]byte
	d := id.NewDocument()
	b.ReportAllocs()
	for b.Loop() {
		d.Append(buf[:0])
	}
}

func BenchmarkParseDocument(b *testing.B) {
	s := id.NewDocument().String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := id.ParseDocument(s); err != nil {
			b.Fatal(err)
		}
	}
}
