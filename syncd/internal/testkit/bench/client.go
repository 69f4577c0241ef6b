package main

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"
)

const (
	joinWithin  = time.Second // the reference is deaf for a moment after it starts to listen; then another try helps
	joinTries   = 15
	frameMax    = 64 << 20
	writeWithin = 20 * time.Second
)

// A frame is what travels in a websocket message.
type frame struct {
	Type                      string        `cbor:"type"`
	SenderID                  string        `cbor:"senderId"`
	TargetID                  string        `cbor:"targetId,omitempty"`
	DocumentID                string        `cbor:"documentId,omitempty"`
	Data                      []byte        `cbor:"data,omitempty"`
	PeerMetadata              *peerMetadata `cbor:"peerMetadata,omitempty"`
	SupportedProtocolVersions []string      `cbor:"supportedProtocolVersions,omitempty"`
}

type peerMetadata struct {
	IsEphemeral bool `cbor:"isEphemeral"`
}

// incoming are the parts of the server's frames that are looked at.
type incoming struct {
	Type       string `cbor:"type"`
	SenderID   string `cbor:"senderId"`
	DocumentID string `cbor:"documentId"`
	Data       []byte `cbor:"data"`
}

// A client is one connection about one document. One goroutine calls its methods.
type client struct {
	conn     *websocket.Conn
	name     string
	server   string
	document string

	known map[hash]bool
	heads []hash // of what this client holds
	told  []hash // the heads it told last

	down, up atomic.Int64 // bytes of messages, both ways
}

// dial connects and joins, again when the server does not answer.
func dial(url, name, document string) (*client, error) {
	var last error
	for range joinTries {
		c, err := tryDial(url, name, document)
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, fmt.Errorf("join %s as %s: %w", url, name, last)
}

func tryDial(url, name, document string) (*client, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		time.Sleep(joinWithin / 10)
		return nil, err
	}
	conn.SetReadLimit(frameMax)
	c := &client{conn: conn, name: name, document: document, known: map[hash]bool{}}
	join := frame{Type: "join", PeerMetadata: &peerMetadata{IsEphemeral: true}, SupportedProtocolVersions: []string{"1"}}
	if err := c.send(join); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	answer, err := c.receive(time.Now().Add(joinWithin))
	if err == nil && answer.Type != "peer" {
		err = fmt.Errorf("join was answered by %q", answer.Type)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c.server = answer.SenderID
	return c, nil
}

func (c *client) close() { _ = c.conn.Close() }

func (c *client) send(f frame) error {
	f.SenderID, f.TargetID = c.name, c.server
	data, err := cbor.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode %s: %w", f.Type, err)
	}
	c.up.Add(int64(len(data)))
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.BinaryMessage, data)
}

func (c *client) receive(deadline time.Time) (incoming, error) {
	var f incoming
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return f, err
	}
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		return f, err
	}
	c.down.Add(int64(len(data)))
	return f, cbor.Unmarshal(data, &f)
}

// write adds posts on top of what the client holds and sends them in one message. The client must hold the post before.
func (c *client) write(added ...post) error {
	last := c.heads
	for _, p := range added {
		c.known[p.hash] = true
		c.heads = []hash{p.hash}
	}
	c.told = c.heads
	return c.send(frame{Type: "sync", DocumentID: c.document, Data: encodeSync(c.heads, last, added)})
}

// request asks for the document.
func (c *client) request() error {
	return c.send(frame{Type: "request", DocumentID: c.document, Data: encodeSync(nil, nil, nil)})
}

// next waits for a sync message, takes what it brings, and answers as a stock client does: when its heads are others than it told.
func (c *client) next(deadline time.Time) (received, error) {
	for {
		f, err := c.receive(deadline)
		if err != nil {
			return received{}, err
		}
		if f.Type != "sync" || f.DocumentID != c.document {
			continue
		}
		m, err := decodeSync(f.Data)
		if err != nil {
			return m, fmt.Errorf("read a sync message of %d bytes: %w", len(f.Data), err)
		}
		for _, change := range m.changes {
			c.take(change)
		}
		if slices.Equal(c.heads, c.told) {
			return m, nil
		}
		c.told = slices.Clone(c.heads)
		return m, c.send(frame{Type: "sync", DocumentID: c.document, Data: encodeSync(c.heads, c.heads, nil)})
	}
}

func (c *client) take(ch change) {
	if c.known[ch.hash] {
		return
	}
	c.known[ch.hash] = true
	c.heads = slices.DeleteFunc(slices.Clone(c.heads), func(h hash) bool { return ch.whole || slices.Contains(ch.deps, h) })
	c.heads = append(c.heads, ch.hash)
}

// acked waits until the server's heads contain the hash.
func (c *client) acked(h hash, within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		m, err := c.next(deadline)
		if err != nil {
			return fmt.Errorf("wait for an ack: %w", err)
		}
		if slices.Contains(m.heads, h) {
			return nil
		}
	}
}

// holds waits until the client holds the change.
func (c *client) holds(h hash, within time.Duration) error {
	deadline := time.Now().Add(within)
	for !c.known[h] {
		if _, err := c.next(deadline); err != nil {
			return fmt.Errorf("wait for a change: %w", err)
		}
	}
	return nil
}
