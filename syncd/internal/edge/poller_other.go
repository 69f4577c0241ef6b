//go:build !linux

package edge

import (
	"errors"
	"net"
)

// Descriptors is how many a connection has.
const Descriptors = 1

// poller is not there: each connection has a goroutine that reads.
type poller struct{}

func newPoller() (*poller, error) { return nil, errors.ErrUnsupported }

func (p *poller) add(*conn) error { return errors.ErrUnsupported }
func (p *poller) again(int)       {}
func (p *poller) remove(*conn)    {}
func (p *poller) end()            {}

func socketOf(net.Conn) int                   { return -1 }
func connOf(int) (net.Conn, error)            { return nil, errors.ErrUnsupported }
func readSocket(int, []byte) (n int, ok bool) { return 0, false }
func writeSocket(_ int, p []byte) []byte      { return p }
func shutSocket(int)                          {}
func resetSocket(int)                         {}
func closeSocket(int)                         {}
