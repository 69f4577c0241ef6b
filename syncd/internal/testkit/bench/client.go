package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"
)

const (
	joinWithin  = time.Second // the reference is deaf for a moment after it starts to listen; then another try helps
	joinTries   = 15
	frameMax    = 64 << 20
	bufferBytes = 1 << 10  // that a connection reads at once; many are open
	frameBytes  = 64 << 10 // that go out as one frame, as everything does from stock clients
	writeWithin = 20 * time.Second
)

var writeBuffers sync.Pool

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
	*document
	id     string // of the document
	name   string
	conn   *websocket.Conn
	server string
	keep   io.Writer // takes what is received, if it is not nil

	down, up atomic.Int64 // bytes of messages, both ways
}

// dial connects and joins, again when the server does not answer.
func dial(url, name, id string, d *document) (*client, error) {
	var last error
	for range joinTries {
		c, err := dialOnce(url, name, id, d, joinWithin)
		if err == nil {
			return c, nil
		}
		last = err
		time.Sleep(joinWithin / 10)
	}
	return nil, fmt.Errorf("join %s as %s: %w", url, name, last)
}

// dialOnce connects and joins within the given time.
func dialOnce(url, name, id string, d *document, within time.Duration) (*client, error) {
	dialer := websocket.Dialer{
		ReadBufferSize: bufferBytes, WriteBufferSize: frameBytes, WriteBufferPool: &writeBuffers, HandshakeTimeout: within,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is on this machine, and nothing is secret
	}
	deadline := time.Now().Add(within)
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(frameMax)
	c := &client{document: d, conn: conn, name: name, id: id}
	join := frame{Type: "join", PeerMetadata: &peerMetadata{IsEphemeral: true}, SupportedProtocolVersions: []string{"1"}}
	if err := c.send(join); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	answer, err := c.receive(deadline)
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

// write adds posts on top of what the client holds and sends them in one message.
func (c *client) write(added ...post) error {
	for _, p := range added {
		c.add(p)
	}
	return c.send(frame{Type: "sync", DocumentID: c.id, Data: c.news()})
}

// begin says what the client holds, or asks for the document when it has nothing.
func (c *client) begin() error {
	kind := "sync"
	if len(c.heads) == 0 {
		kind = "request"
	}
	return c.send(frame{Type: kind, DocumentID: c.id, Data: c.hello()})
}

// next waits for a sync message, takes what it brings, and answers as a stock client does.
func (c *client) next(deadline time.Time) (received, error) {
	for {
		f, err := c.receive(deadline)
		if err != nil {
			return received{}, err
		}
		if f.Type != "sync" || f.DocumentID != c.id {
			continue
		}
		m, err := decodeSync(f.Data)
		if err != nil {
			return m, fmt.Errorf("read a sync message of %d bytes: %w", len(f.Data), err)
		}
		if c.keep != nil {
			for _, change := range m.changes {
				if _, err := c.keep.Write(change.chunk); err != nil {
					return m, err
				}
			}
		}
		if reply := c.answer(m); reply != nil {
			return m, c.send(frame{Type: "sync", DocumentID: c.id, Data: reply})
		}
		return m, nil
	}
}

// until takes messages until the condition holds for one, or for what there is already if it is nil.
func (c *client) until(within time.Duration, what string, done func(m received) bool) error {
	deadline := time.Now().Add(within)
	for !done(received{}) {
		m, err := c.next(deadline)
		if err != nil {
			return fmt.Errorf("%s waits for %s: %w", c.name, what, err)
		}
		if done(m) {
			return nil
		}
	}
	return nil
}
