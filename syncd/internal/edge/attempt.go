package edge

import (
	"net"
	"syscall"
)

// attempt is one write that does not wait. It may be used again and again, which
// allocates nothing.
type attempt struct {
	rest []byte
	once func(fd uintptr) bool // a.writeOnce
}

// write writes of p what the connection takes at once, and returns the rest. An
// error is left to the next write that waits: it meets it, too.
func (a *attempt) write(raw syscall.RawConn, p []byte) (rest []byte) {
	if a.once == nil {
		a.once = a.writeOnce
	}
	a.rest = p
	_ = raw.Write(a.once)
	rest, a.rest = a.rest, nil
	return rest
}

// rawOf returns nil for a connection that is more than a socket, such as one of
// TLS.
func rawOf(conn net.Conn) syscall.RawConn {
	c, ok := conn.(syscall.Conn)
	if !ok || !writesAtOnce {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
