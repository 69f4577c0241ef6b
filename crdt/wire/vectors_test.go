package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

var update = flag.Bool("update", false, "write ours.json anew")

const vectorDir = "../testdata/wire"

// vector is one frame with what cbor-x reads in it.
type vector struct {
	Name    string         `json:"name"`
	From    string         `json:"from,omitempty"`
	Type    string         `json:"type,omitempty"`
	Hex     string         `json:"hex"`
	Decoded map[string]any `json:"decoded,omitempty"`
}

func (v vector) frame(t testing.TB) []byte {
	frame, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatalf("vector %s: %v", v.Name, err)
	}
	return frame
}

func vectors(t testing.TB, file string) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectorDir, file))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatalf("%s holds no vector", file)
	}
	return list
}

func TestFramesOfOthers(t *testing.T) {
	for _, file := range []string{"automerge-repo-2.5.6.json", "shapes.json"} {
		seen := map[string]bool{}
		for _, v := range vectors(t, file) {
			t.Run(file+" "+v.From+" "+v.Type+v.Name, func(t *testing.T) {
				m, err := wire.Decode(v.frame(t), wire.DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				got, want := plain(m), tidy(v.Decoded)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("decoded\n%v, cbor-x reads\n%v", got, want)
				}
				seen[want["type"].(string)] = true
			})
		}
		if file == "shapes.json" {
			continue
		}
		for _, typ := range []string{"join", "peer", "sync", "request", "doc-unavailable", "ephemeral",
			"remote-subscription-change", "remote-heads-changed", "error"} {
			if !seen[typ] {
				t.Errorf("%s has no frame of type %s", file, typ)
			}
		}
	}
}

// TestOurFrames: what we write stays as it is, byte for byte, and cbor-x reads
// in it what we meant.
func TestOurFrames(t *testing.T) {
	path := filepath.Join(vectorDir, "ours.json")
	if *update {
		var list []vector
		for _, s := range samples {
			list = append(list, vector{Name: s.name, Hex: hex.EncodeToString(wire.Append(nil, s.m))})
		}
		text, _ := json.MarshalIndent(list, "", " ")
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; now let generate.mjs add what cbor-x reads")
	}
	list := vectors(t, "ours.json")
	if len(list) != len(samples) {
		t.Fatalf("ours.json has %d vectors, want %d", len(list), len(samples))
	}
	for i, s := range samples {
		t.Run("FR9 "+s.name, func(t *testing.T) {
			v := list[i]
			if got := hex.EncodeToString(wire.Append(nil, s.m)); got != v.Hex {
				t.Errorf("frame\n%s, was\n%s", got, v.Hex)
			}
			if got, want := v.Decoded, plain(s.m); !reflect.DeepEqual(tidyBytes(got), want) {
				t.Errorf("cbor-x reads\n%v, meant\n%v", got, want)
			}
		})
	}
}

// plain says a message in the terms of the JSON vectors.
func plain(m wire.Message) map[string]any {
	v := map[string]any{"senderId": string(m.From())}
	target := func(p id.Peer) {
		if p != "" {
			v["targetId"] = string(p)
		}
	}
	metadata := func(pm wire.PeerMetadata) {
		out := map[string]any{"isEphemeral": pm.IsEphemeral}
		if pm.StorageID != "" {
			out["storageId"] = string(pm.StorageID)
		}
		v["peerMetadata"] = out
	}
	switch m := m.(type) {
	case wire.Join:
		v["type"] = "join"
		metadata(m.Metadata)
		v["supportedProtocolVersions"] = anys(m.Versions)
	case wire.Peer:
		v["type"], v["selectedProtocolVersion"] = "peer", m.Version
		target(m.Target)
		metadata(m.Metadata)
	case wire.Leave:
		v["type"] = "leave"
	case wire.Error:
		v["type"], v["message"] = "error", m.Message
		target(m.Target)
	case wire.Sync:
		v["type"], v["documentId"], v["data"] = "sync", m.Document.String(), hex.EncodeToString(m.Data)
		if m.Request {
			v["type"] = "request"
		}
		target(m.Target)
	case wire.Unavailable:
		v["type"], v["documentId"] = "doc-unavailable", m.Document.String()
		target(m.Target)
	case wire.Ephemeral:
		v["type"], v["documentId"], v["data"] = "ephemeral", m.Document.String(), hex.EncodeToString(m.Data)
		v["sessionId"], v["count"] = m.Session, float64(m.Count)
		target(m.Target)
	case wire.SubscriptionChange:
		v["type"] = "remote-subscription-change"
		if m.Add != nil {
			v["add"] = anys(m.Add)
		}
		if m.Remove != nil {
			v["remove"] = anys(m.Remove)
		}
		target(m.Target)
	case wire.HeadsChanged:
		v["type"], v["documentId"] = "remote-heads-changed", m.Document.String()
		heads := map[string]any{}
		for s, r := range m.NewHeads {
			list := []any{}
			for _, h := range r.Heads {
				list = append(list, h.Head())
			}
			heads[string(s)] = map[string]any{"heads": list, "timestamp": float64(r.Timestamp)}
		}
		v["newHeads"] = heads
		target(m.Target)
	}
	return v
}

func anys[S ~string](list []S) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// tidyBytes writes {"hex": x} as x.
func tidyBytes(v map[string]any) map[string]any {
	out := map[string]any{}
	for k, x := range v {
		if m, ok := x.(map[string]any); ok && m["hex"] != nil {
			x = m["hex"]
		}
		out[k] = x
	}
	return out
}

// tidy brings what a client wrote into the one form that we would write.
func tidy(v map[string]any) map[string]any {
	v = tidyBytes(v)
	delete(v, "extra")
	for k, x := range v {
		if x == nil || x == "(undefined)" {
			delete(v, k)
		}
	}
	if raw, err := hex.DecodeString(str(v["documentId"])); err == nil && len(raw) == 16 {
		v["documentId"] = id.Document(raw).String()
	}
	if v["type"] == "join" {
		tidyJoin(v)
	}
	if heads, ok := v["newHeads"].(map[string]any); ok {
		for _, r := range heads {
			if big, ok := r.(map[string]any)["timestamp"].(map[string]any); ok {
				r.(map[string]any)["timestamp"], _ = strconv.ParseFloat(str(big["bigint"]), 64)
			}
		}
	}
	return v
}

func tidyJoin(v map[string]any) {
	switch versions := v["supportedProtocolVersions"].(type) {
	case nil:
		v["supportedProtocolVersions"] = []any{"1"}
	case string:
		v["supportedProtocolVersions"] = []any{versions}
	}
	if alias, ok := v["metadata"]; ok {
		v["peerMetadata"] = alias
		delete(v, "metadata")
	}
	if v["peerMetadata"] == nil {
		v["peerMetadata"] = map[string]any{"isEphemeral": false}
	}
	for k, x := range v["peerMetadata"].(map[string]any) {
		if x == nil || x == "(undefined)" {
			delete(v["peerMetadata"].(map[string]any), k)
		}
	}
}

func str(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}
