package torture

import (
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// client is a device with a copy of one document, over one connection.
type client struct {
	peer   id.Peer
	server id.Peer
	doc    id.Document
	copy   *historytest.Author
	state  exchange.State
	conn   *websocket.Conn

	// told is called with every head that the server shows and every change that
	// it sends: from then on it must have them for ever.
	told func(id.Document, id.ChangeHash)
}

// dial connects and joins.
func dial(addr string, peer id.Peer, doc id.Document, copy *historytest.Author, told func(id.Document, id.ChangeHash)) (*client, error) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/sync", nil)
	if err != nil {
		return nil, err
	}
	c := &client{peer: peer, doc: doc, copy: copy, conn: conn, told: told}
	if err := c.write(wire.Join{Sender: peer, Versions: []string{wire.Version}}); err != nil {
		return nil, c.end(err)
	}
	m, err := c.read()
	if err != nil {
		return nil, c.end(err)
	}
	hello, ok := m.(wire.Peer)
	if !ok {
		return nil, c.end(fmt.Errorf("the server answered %T to join", m))
	}
	c.server = hello.Sender
	return c, nil
}

func (c *client) end(err error) error {
	_ = c.conn.Close()
	return err
}

func (c *client) write(m wire.Message) error {
	return c.conn.WriteMessage(websocket.BinaryMessage, wire.Append(nil, m))
}

func (c *client) read() (wire.Message, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, frame, err := c.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return wire.Decode(frame, wire.DefaultLimits)
}

// say sends what there is to say, if anything.
func (c *client) say() error {
	data := exchange.NewRound(c.copy.History).Generate(&c.state).Bytes()
	if data == nil {
		return nil
	}
	return c.write(wire.Sync{Sender: c.peer, Target: c.server, Document: c.doc, Data: data, Request: c.copy.Len() == 0})
}

// hear waits for a sync message, takes it in and answers. It returns the heads
// that the server showed.
func (c *client) hear() ([]id.ChangeHash, error) {
	for {
		m, err := c.read()
		if err != nil {
			return nil, err
		}
		sync, ok := m.(wire.Sync)
		if !ok || sync.Document != c.doc {
			continue
		}
		message, err := exchange.Decode(sync.Data, exchange.Limits{})
		if err != nil {
			return nil, err
		}
		for _, raw := range message.Changes {
			change, err := chunk.ParseChange(raw, chunk.Limits{})
			if err != nil {
				return nil, err
			}
			c.told(c.doc, change.Hash)
			c.copy.Take(change)
		}
		for _, head := range message.Heads {
			c.told(c.doc, head)
		}
		c.state.Receive(c.copy.History, message)
		return message.Heads, c.say()
	}
}
