package replica

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata; then read the diff")

// Each file of testdata tells one story: inputs after ">", and below each the
// effects that it had. The first line says what the story is about.
//
//	> write x1 by x [after y1,…]     x makes a change, on what it has and the given ones
//	> attach a [store=s] [denied] [readonly] [subscribed=s,…]
//	> sync a heads=… [changes=…] [need=…] [last=…] [alone]    a sync message of peer a
//	> garbage a                      a sync message with a change that is not valid
//	> durable, > full                the outcome of the open persist
//	> tick +400ms                    time passes
//	> load, > unload, > detach a, > ephemeral a session count
//	> subscribe a s, > gossip a store heads=… at=ms
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStory(t).play(string(script))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(script) {
				t.Errorf("the transcript has changed (go test -update rewrites it):\n%s", got)
			}
		})
	}
}

// EP5
func TestEphemeralMessagesAreLimitedInRate(t *testing.T) {
	r := New(Config{}, 0, nil)
	r.Attach(1, Peer{})
	r.Attach(2, Peer{})
	now := time.Now()
	relayed := func(count uint64) bool {
		return len(r.Ephemeral(now, 1, &wire.Ephemeral{Session: "s", Count: count}).Send) > 0
	}
	count := uint64(0)
	for ; count < ephemeralBurst; count++ {
		if !relayed(count) {
			t.Fatalf("message %d of a burst was dropped", count)
		}
	}
	if relayed(count) || r.Counts().Dropped != 1 {
		t.Fatal("a message beyond the burst was relayed, or not counted as dropped")
	}
	now = now.Add(time.Second)
	for i := range ephemeralRate {
		if count++; !relayed(count) {
			t.Fatalf("message %d of the next second was dropped", i)
		}
	}
	if count++; relayed(count) {
		t.Fatal("the rate is higher than it should be")
	}
}

type story struct {
	t       *testing.T
	r       *Replica
	now     time.Time
	start   time.Time
	authors map[string]*historytest.Author
	changes map[string]*chunk.Change
	names   map[id.ChangeHash]string
	stored  []*chunk.Change
	saving  []*chunk.Change
	peers   []string
}

func newStory(t *testing.T) *story {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return &story{t: t, now: start, start: start,
		r:       New(Config{Storage: "server"}, 0, nil),
		authors: map[string]*historytest.Author{}, changes: map[string]*chunk.Change{},
		names: map[id.ChangeHash]string{}}
}

// play runs the inputs of a script and returns the script with the effects that
// they have.
func (s *story) play(script string) string {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, ">"):
			fmt.Fprintln(&out, line)
			for _, effect := range s.input(strings.Fields(line[1:])) {
				fmt.Fprintln(&out, "  "+effect)
			}
		case !strings.HasPrefix(line, "  "):
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

func (s *story) input(words []string) []string {
	args := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		args[k] = v
	}
	who := ""
	if len(words) > 1 {
		who = words[1]
	}
	_, alone := args["alone"]
	switch words[0] {
	case "write":
		s.write(words)
		return nil
	case "attach":
		return s.attach(who, args)
	case "sync":
		m := &exchange.Message{Version: exchange.V1, Heads: s.hashes(args["heads"]), Need: s.hashes(args["need"]),
			Have: []exchange.Have{{LastSync: s.hashes(args["last"])}}}
		for _, name := range list(args["changes"]) {
			m.Changes = append(m.Changes, s.changes[name].Bytes())
		}
		return s.show(s.r.Sync(s.now, Input{From: s.conn(who), Message: Message{m}, Alone: alone}))
	case "garbage":
		m := &exchange.Message{Version: exchange.V1, Changes: [][]byte{{1, 2, 3}}}
		return s.show(s.r.Sync(s.now, Input{From: s.conn(who), Message: Message{m}}))
	case "durable":
		s.stored, s.saving = append(s.stored, s.saving...), nil
		return s.show(s.r.Durable(s.now))
	case "full":
		s.saving = nil
		return s.show(s.r.NotDurable(s.now))
	case "tick":
		d, err := time.ParseDuration(who)
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.Add(d)
		return s.show(s.r.Tick(s.now))
	case "load":
		s.load()
		return nil
	case "unload":
		s.r.Unload()
		return []string{fmt.Sprintf("loaded: %v", s.r.Loaded())}
	case "detach":
		s.r.Detach(s.conn(who))
		return nil
	case "ephemeral":
		count, err := strconv.Atoi(words[3])
		if err != nil {
			s.t.Fatal(err)
		}
		return s.show(s.r.Ephemeral(s.now, s.conn(who), &wire.Ephemeral{Session: words[2], Count: uint64(count)}))
	case "subscribe":
		storage := id.Storage(words[2])
		return s.show(s.r.Subscribe(s.now, s.conn(who), map[id.Storage]struct{}{storage: {}}, []id.Storage{storage}))
	case "gossip":
		at, err := time.ParseDuration(args["at"])
		if err != nil {
			s.t.Fatal(err)
		}
		heads := wire.RemoteHeads{Heads: s.hashes(args["heads"]), Timestamp: s.start.Add(at).UnixMilli()}
		return s.show(s.r.RemoteHeads(s.now, s.conn(who), map[id.Storage]wire.RemoteHeads{id.Storage(words[2]): heads}))
	}
	s.t.Fatalf("unknown input %q", words[0])
	return nil
}

func (s *story) write(words []string) {
	name, by := words[1], words[3]
	a := s.authors[by]
	if a == nil {
		a = historytest.New(by)
		s.authors[by] = a
	}
	if len(words) > 5 {
		for _, after := range list(words[5]) {
			a.Take(s.changes[after])
		}
	}
	c := a.Put("key", name)
	s.changes[name], s.names[c.Hash] = c, name
}

func (s *story) attach(who string, args map[string]string) []string {
	_, denied := args["denied"]
	_, readOnly := args["readonly"]
	info := Peer{Denied: denied, ReadOnly: readOnly}
	info.Metadata.StorageID = id.Storage(args["store"])
	for _, storage := range list(args["subscribed"]) {
		if info.Subscriptions == nil {
			info.Subscriptions = map[id.Storage]struct{}{}
		}
		info.Subscriptions[id.Storage(storage)] = struct{}{}
	}
	s.r.Attach(s.conn(who), info)
	return nil
}

func (s *story) load() {
	err := s.r.Load(nil, func(take func([]byte) error) error {
		for _, c := range s.stored {
			if err := take(c.Bytes()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) conn(name string) Conn {
	i := slices.Index(s.peers, name)
	if i < 0 {
		s.peers = append(s.peers, name)
		i = len(s.peers) - 1
	}
	return Conn(i + 1)
}

func (s *story) hashes(names string) []id.ChangeHash {
	var hashes []id.ChangeHash
	for _, name := range list(names) {
		c := s.changes[name]
		if c == nil {
			s.t.Fatalf("no change %q", name)
		}
		hashes = append(hashes, c.Hash)
	}
	slices.SortFunc(hashes, id.ChangeHash.Compare)
	return hashes
}

// named lists changes by their names, in the order of the names.
func (s *story) named(hashes []id.ChangeHash) string {
	var names []string
	for _, h := range hashes {
		names = append(names, s.names[h])
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

func (s *story) show(e Effects) []string {
	var out []string
	if e.Load {
		out = append(out, "load")
	}
	for _, m := range e.Send {
		out = append(out, s.showSend(m))
	}
	for _, c := range e.Close {
		out = append(out, fmt.Sprintf("close %s: %d %s", s.peers[c.Conn-1], c.Code, c.Text))
	}
	if p := e.Persist; p != nil {
		s.saving = nil
		var names []string
		for _, body := range p.Changes {
			c, err := chunk.ReadChange(body)
			if err != nil {
				s.t.Fatal(err)
			}
			s.saving = append(s.saving, c)
			names = append(names, s.names[c.Hash])
		}
		out = append(out, fmt.Sprintf("persist after %d: %s; heads %s", p.First, strings.Join(names, ","), s.named(p.Heads)))
	}
	if !e.Wake.IsZero() {
		out = append(out, "wake in "+e.Wake.Sub(s.now).String())
	}
	return out
}

func (s *story) showSend(m Send) string {
	to := "to " + s.peers[m.To-1] + ": "
	switch {
	case m.Unavailable:
		return to + "unavailable"
	case m.Ephemeral != nil:
		return fmt.Sprintf("%sephemeral %s %d", to, m.Ephemeral.Session, m.Ephemeral.Count)
	case m.Heads != nil:
		for storage, heads := range m.Heads {
			at := time.UnixMilli(heads.Timestamp).Sub(s.start)
			to += fmt.Sprintf("store %s has %s at %s", storage, s.named(heads.Heads), at)
		}
		return to
	}
	msg, err := exchange.Decode(m.Sync.Bytes(), exchange.Limits{})
	if err != nil {
		s.t.Fatal(err)
	}
	out := to + "sync heads=" + s.named(msg.Heads)
	if len(msg.Need) > 0 {
		out += " need=" + s.named(msg.Need)
	}
	for _, have := range msg.Have {
		out += " last=" + s.named(have.LastSync)
		if !have.Bloom.Empty() {
			out += "+filter"
		}
	}
	if len(msg.Changes) > 0 {
		var names []string
		for _, raw := range msg.Changes {
			c, err := chunk.ParseChange(raw, chunk.Limits{})
			if err != nil {
				s.t.Fatal(err)
			}
			names = append(names, s.names[c.Hash])
		}
		out += " changes=" + strings.Join(names, ",")
	}
	return out
}

func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}
