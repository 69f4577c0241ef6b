package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// documentOf is a document chunk with these heads and nothing else in it.
func documentOf(heads ...hash) []byte {
	body := appendHashes([]byte{0}, heads)
	return append(binary.AppendUvarint([]byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, chunkDocument}, uint64(len(body))), body...)
}

// bringing is a sync message that shows these heads and brings the chunks as one, as engines that read document chunks are sent them.
func bringing(heads []hash, chunks ...[]byte) []byte {
	out := append(appendHashes([]byte{0x43}, heads), 0, 0, 1)
	all := slices.Concat(chunks...)
	return append(append(binary.AppendUvarint(out, uint64(len(all))), all...), flags...)
}

func tableOf(posts ...post) map[hash][]hash {
	table := map[hash][]hash{}
	for _, p := range posts {
		table[p.hash] = p.deps
	}
	return table
}

// A document chunk holds what its heads build on and no more: not what others wrote beside it, nor what builds on it.
func TestADocumentChunkHoldsWhatItsHeadsBuildOn(t *testing.T) {
	base, lost, beside := chunkOn(), post{hash: hash{1}}, post{hash: hash{2}}
	left, right, mine := chunkOn(base.hash), chunkOn(lost.hash, base.hash), chunkOn(beside.hash, base.hash)
	later, other := chunkOn(left.hash), chunkOn(right.hash)
	d := newDocument(true)
	d.table = tableOf(base, lost, beside, left, right, mine, later, other)
	d.take(change{hash: base.hash})
	d.take(change{hash: beside.hash})
	d.add(mine)
	d.take(change{hash: later.hash, deps: later.deps}) // a filter has held back what it builds on
	heads := []hash{left.hash, right.hash}
	m, err := decodeSync(bringing(heads, documentOf(heads...)))
	if err != nil {
		t.Fatal(err)
	}
	d.answer(m)
	want := []hash{base.hash, beside.hash, mine.hash, left.hash, later.hash, lost.hash, right.hash}
	if held := slices.Collect(maps.Keys(d.known)); !sameHashes(held, want) {
		t.Errorf("holds %x, want %x", held, want)
	}
	if !sameHashes(d.heads, []hash{mine.hash, later.hash, right.hash}) {
		t.Errorf("heads are %x", d.heads)
	}
}

// What a head stands for that nobody may write is not made up.
func TestADocumentChunkOfSomethingUnknownStaysMissing(t *testing.T) {
	base := chunkOn()
	d := newDocument(true)
	d.table = tableOf(base)
	d.take(change{hash: base.hash})
	m, err := decodeSync(bringing([]hash{{9}}, documentOf(hash{9})))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := decodeSync(d.answer(m))
	if err != nil || !slices.Equal(reply.need, []hash{{9}}) || len(d.known) != 1 {
		t.Errorf("needs %x, %v; want the head", reply.need, err)
	}
}

// What a client makes of a document chunk with many heads is what automerge finds in it.
func TestADocumentChunkHoldsWhatAutomergeSays(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	if _, err := os.Stat("node_modules/@automerge/automerge"); err != nil {
		t.Skip("@automerge/automerge is not installed (npm ci in this folder)")
	}
	posts, err := makePosts(".", t.TempDir(), 2, 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	board, mine := posts.chain[0], posts.branches[4]
	parts := slices.Concat(posts.chain[:2], posts.branches[0][:3], posts.branches[1][:1], posts.branches[2][:2], mine[:1])
	heads, changes, saved := posts.saved(t, parts)
	if len(heads) != 5 || len(changes) != 9 || saved[8] != chunkDocument {
		t.Fatalf("automerge saves %d changes with %d heads in a chunk of type %d", len(changes), len(heads), saved[8])
	}
	m, err := decodeSync(bringing(heads, saved))
	if err != nil {
		t.Fatal(err)
	}
	for name, had := range map[string][]post{"nothing": nil, "the board": {board}, "a part and more": slices.Concat(posts.chain[:1], posts.branches[0][:1], mine)} {
		d := newDocument(true)
		d.table = posts.deps
		for _, p := range had {
			d.take(change{hash: p.hash, deps: p.deps})
		}
		d.answer(m)
		want, top := slices.Clone(changes), slices.Clone(heads)
		if len(had) > 1 {
			want = append(want, mine[1].hash, mine[2].hash)
			top[slices.Index(top, mine[0].hash)] = mine[2].hash
		}
		if held := slices.Collect(maps.Keys(d.known)); !sameHashes(held, want) {
			t.Errorf("who had %s holds %x, and automerge %x", name, held, want)
		}
		if !sameHashes(d.heads, top) {
			t.Errorf("who had %s has the heads %x, and automerge %x", name, d.heads, top)
		}
	}
}

// saved has automerge make a document chunk of the posts, and says which heads and changes automerge finds in it.
func (p *posts) saved(t *testing.T, parts []post) (heads, changes []hash, chunk []byte) {
	t.Helper()
	var all []byte
	for _, p := range parts {
		all = append(all, p.chunk...)
	}
	from, to := filepath.Join(p.scratch, "parts"), filepath.Join(p.scratch, "document")
	if err := os.WriteFile(from, all, 0o600); err != nil {
		t.Fatal(err)
	}
	var found struct{ Heads, Changes []hash }
	if err := p.ask(&found, "save", from, to); err != nil {
		t.Fatal(err)
	}
	chunk, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return found.Heads, found.Changes, chunk
}

// deflatedOf is a change as servers send it to engines that have shown flags.
func deflatedOf(t *testing.T, p post, level int) []byte {
	t.Helper()
	r := reader{data: p.chunk[chunkHeader:]}
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(r.take(r.count())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	header := slices.Clone(p.chunk[:chunkHeader])
	header[8] = chunkDeflated
	return append(binary.AppendUvarint(header, uint64(body.Len())), body.Bytes()...)
}

// Deflated changes are what they are inflated, also those that were read before and those that say the checksum of another.
func TestDeflatedChanges(t *testing.T) {
	first := chunkOn()
	second := chunkOn(first.hash)
	wrong := deflatedOf(t, second, flate.BestSpeed)
	copy(wrong[4:8], first.chunk[4:8])
	for range 2 {
		m, err := decodeSync(bringing(nil, deflatedOf(t, first, flate.BestSpeed), deflatedOf(t, first, flate.NoCompression), deflatedOf(t, second, flate.BestSpeed), wrong))
		if err != nil {
			t.Fatal(err)
		}
		var got []hash
		for _, c := range m.changes {
			got = append(got, c.hash)
		}
		if !slices.Equal(got, []hash{first.hash, first.hash, second.hash, second.hash}) || !slices.Equal(m.changes[2].deps, second.deps) {
			t.Errorf("read %x", got)
		}
	}
}
