package edge

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Descriptors is how many a connection has while somebody uses it. One that rests has one.
const Descriptors = 2

// Sizes of a poller.
const (
	pollEvents = 256      // connections looked after in one go
	pollBytes  = 64 << 10 // read from one of them before the next
)

// pollPause is how long a poller looks away after it got nothing but what can wait.
// A change is answered by all peers within some milliseconds, and each wake-up of
// a thread costs as much as handling several answers.
const pollPause = 2 * time.Millisecond

// poller reads from all connections that rest, in one goroutine: from a board of
// two hundred peers, two hundred answers are read by a few wake-ups. The
// runtime's own poller wakes a thread and a goroutine for each.
//
// A socket is reported when something comes, not for as long as something is there
// (EPOLLET): else the kernel looks at each once more after it was read. Whoever leaves
// something unread asks for another report (again).
//
// The runtime sees one file, the gate: an epoll that holds the epoll of the sockets,
// and is opened when there is nothing to read. While it is shut, nobody is woken by
// what comes.
//
// Tried and dropped:
//
//   - a goroutine that blocks in epoll_wait itself. While it does, the runtime's monitor
//     thread looks every 20 µs whether to take its processor away: twice the looks, and
//     a third of all processor time in a fan-out to 50.
//   - no gate, so that the runtime polls the sockets' epoll: what comes while the poller
//     is at work wakes a thread each time.
//   - no pause, or one of 0.3 ms: in a fan-out to 200 the latter takes 0.0246 ms of processor
//     time a delivery, for 0.0228 with 2 ms, and nothing arrives sooner.
//   - system calls without telling the runtime: no difference.
type poller struct {
	// Immutable after newPoller.
	sockets int             // an epoll
	gate    *os.File        // an epoll of that
	open    syscall.RawConn // of gate

	// Guarded by mu.
	mu    sync.Mutex
	conns []*conn // by descriptor
	count int     // of those that are not nil
	buf   []byte  // to read into; nil while it is in use, and without connections

	events [pollEvents]unix.EpollEvent // owned by run
}

// newPoller starts a poller, which runs until it is ended.
func newPoller() (*poller, error) {
	p := &poller{}
	if err := p.make(); err != nil {
		p.close()
		return nil, fmt.Errorf("make a poller: %w", err)
	}
	go p.run()
	return p, nil
}

func (p *poller) make() (err error) {
	p.sockets, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		p.sockets = -1
		return err
	}
	gate, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(gate, true); err != nil { // for os: it can be polled
		return errors.Join(err, unix.Close(gate))
	}
	p.gate = os.NewFile(uintptr(gate), "epoll")
	p.open, err = p.gate.SyscallConn()
	if err != nil {
		return err
	}
	return unix.EpollCtl(gate, unix.EPOLL_CTL_ADD, p.sockets, &unix.EpollEvent{Fd: int32(p.sockets)})
}

func (p *poller) close() {
	if p.gate != nil {
		p.gate.Close()
	}
	if p.sockets >= 0 {
		unix.Close(p.sockets)
	}
}

// reports are what is told of a socket, each time that it comes about.
const reports = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// add watches a connection. It may be read from before add returns.
func (p *poller) add(c *conn) error {
	fd := c.net.socket
	p.mu.Lock()
	for len(p.conns) <= fd {
		p.conns = append(p.conns, nil)
	}
	p.conns[fd] = c
	p.count++
	p.mu.Unlock()
	event := unix.EpollEvent{Events: reports, Fd: int32(fd)}
	if err := unix.EpollCtl(p.sockets, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		p.forget(fd)
		return fmt.Errorf("poll a socket: %w", err)
	}
	return nil
}

// again has a socket reported once more if there is something to read. It does nothing
// if the connection was removed.
func (p *poller) again(fd int) {
	event := unix.EpollEvent{Events: reports, Fd: int32(fd)}
	unix.EpollCtl(p.sockets, unix.EPOLL_CTL_MOD, fd, &event)
}

// remove ends that. The descriptor is still open.
func (p *poller) remove(c *conn) {
	fd := c.net.socket
	unix.EpollCtl(p.sockets, unix.EPOLL_CTL_DEL, fd, nil)
	p.forget(fd)
}

func (p *poller) forget(fd int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fd >= len(p.conns) || p.conns[fd] == nil {
		return
	}
	p.conns[fd] = nil
	if p.count--; p.count == 0 {
		p.conns, p.buf = nil, nil
	}
}

func (p *poller) at(fd int32) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if int(fd) >= len(p.conns) {
		return nil
	}
	return p.conns[fd]
}

// end ends the goroutine. No connection rests any more.
func (p *poller) end() { p.gate.Close() }

func (p *poller) run() {
	defer p.close()
	for n := p.wait(); n >= 0; n = p.wait() {
		late, buf := true, p.buffer()
		for _, event := range p.events[:n] {
			if c := p.at(event.Fd); c != nil {
				ended := event.Events&^unix.EPOLLIN != 0
				late = c.readable(buf, ended) && late
			}
		}
		p.keep(buf)
		if late {
			time.Sleep(pollPause)
		}
	}
}

// buffer takes what is read into.
func (p *poller) buffer() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	buf := p.buf
	p.buf = nil
	if buf == nil {
		buf = make([]byte, pollBytes)
	}
	return buf
}

// keep is for the next time, if there is anybody left to read from.
func (p *poller) keep(buf []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count > 0 {
		p.buf = buf
	}
}

// wait waits for events and returns how many there are, or -1 at the end.
func (p *poller) wait() int {
	for {
		n, _ := unix.EpollWait(p.sockets, p.events[:], 0)
		if n > 0 {
			return n
		}
		opened := false
		err := p.open.Read(func(gate uintptr) bool {
			if !opened {
				opened = true
				once := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(p.sockets)}
				unix.EpollCtl(int(gate), unix.EPOLL_CTL_MOD, p.sockets, &once)
			}
			n, err := unix.EpollWait(int(gate), p.events[:1], 0)
			return n > 0 || err != nil && err != unix.EINTR
		})
		if err != nil {
			return -1
		}
	}
}

// socketOf returns a descriptor of our own for the socket, or -1 for a connection
// that is more than a socket, such as one of TLS.
func socketOf(conn net.Conn) int {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return -1
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return -1
	}
	socket := -1
	raw.Control(func(fd uintptr) {
		if dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			socket = dup
		}
	})
	return socket
}

// connOf gives the socket to the runtime, as another connection over it.
func connOf(socket int) (net.Conn, error) {
	fd, err := unix.FcntlInt(uintptr(socket), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	file := os.NewFile(uintptr(fd), "websocket")
	defer file.Close()
	return net.FileConn(file)
}

// readSocket is one read that does not wait. It reports false when there is
// nothing to read; 0 bytes are the end.
func readSocket(socket int, p []byte) (n int, ok bool) {
	n, err := transfer(unix.SYS_RECVFROM, socket, p)
	if err == unix.EAGAIN {
		return 0, false
	}
	return max(n, 0), true
}

// writeSocket writes of p what the socket takes at once, and returns the rest. An
// error is left to the next write that waits: it meets it, too.
func writeSocket(socket int, p []byte) (rest []byte) {
	n, _ := transfer(unix.SYS_SENDTO, socket, p)
	return p[max(n, 0):]
}

// transfer is recv or send of p, of which package unix has none that returns a number. Read
// and write do the same after a detour through what all files have in common: some 3 % of a
// fan-out to 200.
func transfer(call uintptr, socket int, p []byte) (int, error) {
	for {
		n, _, errno := unix.Syscall6(call, uintptr(socket), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno == 0 {
			return int(n), nil
		}
		if errno != unix.EINTR {
			return -1, errno
		}
	}
}

// shutSocket ends reading and writing, whoever does it.
func shutSocket(socket int) { unix.Shutdown(socket, unix.SHUT_RDWR) }

// resetSocket has the peer told of the close at once, and not after what is still to be sent.
func resetSocket(socket int) {
	unix.SetsockoptLinger(socket, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func closeSocket(socket int) { unix.Close(socket) }
