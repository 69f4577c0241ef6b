package edge_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// discardFrames reads what comes without looking at it, as cheaply as may be.
func discardFrames(conn net.Conn, bytes *atomic.Int64) {
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		bytes.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// BenchmarkEcho: one client sends sync messages of 400 bytes, the hub answers
// each with one of the same size. Client and server share the processors.
func BenchmarkEcho(b *testing.B) {
	echo := func(s *session, m wire.Message) error {
		sync := m.(wire.Sync)
		s.out.Send(wire.Frame{Head: wire.AppendSync(make([]byte, 0, 512), "syncd", sync.Sender, sync.Document, sync.Data, false)})
		return nil
	}
	s := serve(b, edge.Config{Hub: &hub{receive: echo}, MessagesPerSecond: 1 << 30, BytesPerSecond: 1 << 30})
	c, _ := s.joined(b, "tablet")
	c.SetReadDeadline(time.Time{})
	frame := wire.Append(nil, syncOf("tablet", strings.Repeat("x", 400)))
	message, err := websocket.NewPreparedMessage(websocket.BinaryMessage, frame)
	if err != nil {
		b.Fatal(err)
	}
	var bytes atomic.Int64
	done := make(chan struct{})
	go func() { discardFrames(c.UnderlyingConn(), &bytes); close(done) }()
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	b.ResetTimer()
	for range b.N {
		if err := c.WritePreparedMessage(message); err != nil {
			b.Fatal(err)
		}
	}
	for s.metrics.FramesOut.Load() < uint64(b.N) {
		time.Sleep(100 * time.Microsecond)
	}
	b.StopTimer()
	c.Close()
	<-done
}

// BenchmarkFanOut: one message to 50 peers. An operation is one delivery.
func BenchmarkFanOut(b *testing.B) {
	for _, burst := range []int{1, 16} {
		b.Run(fmt.Sprintf("burst=%d", burst), func(b *testing.B) {
			const peers = 50
			s := serve(b, edge.Config{})
			var sessions []*session
			var targets [][]byte
			var bytes atomic.Int64
			for i := range peers {
				c, session := s.joined(b, id.Peer(fmt.Sprint("peer", i)))
				c.SetReadDeadline(time.Time{})
				sessions = append(sessions, session)
				targets = append(targets, wire.AppendTarget(nil, session.join.Sender))
				go discardFrames(c.UnderlyingConn(), &bytes)
			}
			m := syncOf("syncd", strings.Repeat("x", 400))
			b.ReportAllocs()
			b.ResetTimer()
			before := s.metrics.FramesOut.Load()
			for n := 0; n < b.N; n += peers * burst {
				for range burst {
					body := wire.AppendBody(nil, m)
					for i, session := range sessions {
						session.out.Send(wire.Frame{Head: body, Tail: targets[i]})
					}
				}
				for s.metrics.FramesOut.Load()-before < uint64(n+peers*burst) {
					runtime.Gosched()
				}
			}
		})
	}
}

// bareJoin joins over a bare socket, which costs this process next to nothing.
func bareJoin(b *testing.B, s *server, peer string) net.Conn {
	address := strings.TrimPrefix(s.url, "ws://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /sync HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", address)
	buf := make([]byte, 1024)
	if n, err := conn.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "HTTP/1.1 101") {
		b.Fatalf("upgrade: %q, error %v", buf[:n], err)
	}
	frame := wire.Append(nil, wire.Join{Sender: id.Peer(peer)}) // masked with zeros
	conn.Write(append([]byte{0x82, 0x80 | byte(len(frame)), 0, 0, 0, 0}, frame...))
	take(b, s.hub.sessions)
	return conn
}

// BenchmarkIdleConnection reports what a connection that does nothing holds on
// the server and the client together, which share this process: the client
// here is a bare socket.
func BenchmarkIdleConnection(b *testing.B) {
	const conns = 1000
	for b.Loop() {
		s := serve(b, edge.Config{Hub: &hub{deaf: true}})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var sockets []net.Conn
		for i := range conns {
			sockets = append(sockets, bareJoin(b, s, fmt.Sprint("peer", i)))
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/conns/1024, "heap-KiB/conn")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/conns/1024, "stack-KiB/conn")
		for _, socket := range sockets {
			socket.Close()
		}
	}
}
