package main

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Places in a lobby.
const (
	lobbyPlaces      = 1024 // a connection takes up to 28 KiB here
	adminPlaces      = 32
	silencePatience  = 5 * time.Second // how long one that says nothing keeps its place, if another wants it
	requestsPatience = requestTimeout  // likewise, one with a request
)

// lobby is a listener that bounds how many connections are open that have not become
// websockets: anybody can make one by connecting, and each takes a descriptor, without
// which the store cannot go on. Whoever comes when it is full waits in the kernel's queue,
// until a place is free or one is taken from the connection that has said nothing for the
// longest, or else from the one with the oldest request. Each keeps its place long enough
// to shake hands, and places are taken one by one, also when the processor is behind with all of
// them: else a storm of devices that come back would push out itself.
type lobby struct {
	net.Listener

	// Immutable after newLobby.
	places int
	freed  chan struct{} // capacity 1; note tells room of a free place
	closed chan struct{} // closed by Close

	closing sync.Once

	// Guarded by mu.
	mu           sync.Mutex
	callers      map[net.Conn]*list.Element
	silent, busy list.List // of caller, the oldest first
	next         time.Time // when the next place may be taken
}

// caller is a connection in a lobby.
type caller struct {
	conn  net.Conn
	since time.Time // it is silent, or busy
}

func newLobby(lis net.Listener, places int) *lobby {
	return &lobby{
		Listener: lis, places: places, freed: make(chan struct{}, 1), closed: make(chan struct{}),
		callers: map[net.Conn]*list.Element{},
	}
}

// Accept waits for a place first. Whoever calls it has noted the connection before it calls
// it again.
func (l *lobby) Accept() (net.Conn, error) {
	if err := l.room(); err != nil {
		return nil, err
	}
	return l.Listener.Accept()
}

func (l *lobby) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// note is the ConnState of an http.Server. A websocket is no caller any more.
func (l *lobby) note(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.callers[conn] == nil && state != http.StateNew { // its place was taken
		return
	}
	l.leave(conn)
	now := caller{conn, time.Now()}
	switch state {
	case http.StateNew, http.StateIdle:
		l.callers[conn] = l.silent.PushBack(now)
	case http.StateActive:
		l.callers[conn] = l.busy.PushBack(now)
	default:
		select {
		case l.freed <- struct{}{}:
		default:
		}
	}
}

// room waits until a place is free.
func (l *lobby) room() error {
	for wait := l.makeRoom(); wait > 0; wait = l.makeRoom() {
		timer := time.NewTimer(wait)
		select {
		case <-l.freed:
		case <-timer.C:
		case <-l.closed:
			return net.ErrClosed
		}
		timer.Stop()
	}
	return nil
}

// makeRoom returns after what time a place can be taken from somebody; 0 if one is free.
func (l *lobby) makeRoom() (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.callers) < l.places {
		return 0
	}
	if wait = time.Until(l.next); wait > 0 {
		return wait
	}
	wait = l.take(&l.silent, silencePatience)
	if wait > 0 {
		wait = min(wait, l.take(&l.busy, requestsPatience))
	}
	if wait == 0 {
		l.next = time.Now().Add(silencePatience / time.Duration(l.places))
	}
	return wait
}

// clear closes all that are there.
func (l *lobby) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.callers) > 0 {
		l.take(&l.silent, 0)
		l.take(&l.busy, 0)
	}
}

// The methods below are called with mu held.

// take takes the place of the first, or returns when that may be done.
func (l *lobby) take(from *list.List, patience time.Duration) (wait time.Duration) {
	first := from.Front()
	if first == nil {
		return requestsPatience // no caller has longer to go
	}
	g := first.Value.(caller)
	if wait := time.Until(g.since.Add(patience)); wait > 0 {
		return wait
	}
	l.leave(g.conn)
	if secured, ok := g.conn.(*tls.Conn); ok { // its own Close may wait for the peer
		secured.NetConn().Close()
	} else {
		g.conn.Close()
	}
	return 0
}

func (l *lobby) leave(conn net.Conn) {
	if at := l.callers[conn]; at != nil {
		l.silent.Remove(at) // it is in one of them
		l.busy.Remove(at)
		delete(l.callers, conn)
	}
}
