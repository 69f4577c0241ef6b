package wire_test

import (
	"bytes"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

var (
	someDocument = id.Document{0x5b, 0x2d, 0x7e, 0x0c, 0x3f, 0x1a, 0x49, 0x68, 0x87, 0x1f, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7}
	someStorage  = id.Storage("7b87ee37-4ff3-4b7c-a0c5-5f833563f3b7")
	someSync     = wire.Sync{Sender: "tablet", Target: "syncd", Document: someDocument, Data: []byte{0x42, 0, 0, 0, 0}}
)

// samples holds a message of every type and shape.
var samples = []struct {
	name string
	m    wire.Message
}{
	{"join", wire.Join{Sender: "tablet", Metadata: wire.PeerMetadata{StorageID: someStorage}, Versions: []string{"1"}}},
	{"join of a peer without a store", wire.Join{Sender: "Æble 🍎", Metadata: wire.PeerMetadata{IsEphemeral: true}, Versions: []string{"1", "2"}}},
	{"peer", wire.Peer{Sender: "syncd", Target: "tablet", Version: "1", Metadata: wire.PeerMetadata{StorageID: someStorage}}},
	{"peer without a store", wire.Peer{Sender: "syncd", Target: "tablet", Version: "1"}},
	{"leave", wire.Leave{Sender: "tablet"}},
	{"error", wire.Error{Sender: "syncd", Target: "tablet", Message: "unsupported protocol version"}},
	{"error before the join", wire.Error{Sender: "syncd", Message: "expected a join message"}},
	{"sync", someSync},
	{"request", wire.Sync{Sender: "tablet", Target: "syncd", Document: someDocument, Data: []byte{0x42, 0, 0, 1, 0, 0, 0, 2, 2, 0x84}, Request: true}},
	{"sync without a target", wire.Sync{Sender: "tablet", Document: id.Document{}, Data: []byte{0x42}}},
	{"sync of 300 bytes", wire.Sync{Sender: "tablet", Target: "syncd", Document: someDocument, Data: bytes.Repeat([]byte{7}, 300)}},
	{"doc-unavailable", wire.Unavailable{Sender: "syncd", Target: "tablet", Document: someDocument}},
	{"ephemeral", wire.Ephemeral{Sender: "tablet", Target: "phone", Document: someDocument, Session: "czkx2oo1end", Count: 300, Data: []byte{0xa0}}},
	{"subscription change", wire.SubscriptionChange{Sender: "tablet", Target: "syncd", Add: []id.Storage{someStorage, "x"}, Remove: []id.Storage{"y"}}},
	{"subscription change, add alone", wire.SubscriptionChange{Sender: "tablet", Target: "syncd", Add: []id.Storage{someStorage}}},
	{"subscription change of nothing", wire.SubscriptionChange{Sender: "tablet", Target: "syncd"}},
	{"heads changed", wire.HeadsChanged{Sender: "syncd", Target: "tablet", Document: someDocument, NewHeads: map[id.Storage]wire.RemoteHeads{
		someStorage: {Heads: []id.ChangeHash{{1, 2, 3}, {0xff}}, Timestamp: 1_795_313_948_115},
		"old":       {Timestamp: -1},
	}}},
	{"heads changed of nothing", wire.HeadsChanged{Sender: "syncd", Target: "tablet", Document: someDocument, NewHeads: map[id.Storage]wire.RemoteHeads{}}},
}
