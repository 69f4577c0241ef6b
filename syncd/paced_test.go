package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// crawl is a connection on a slow line, which a byte takes so long to pass.
type crawl struct {
	net.Conn
	perByte time.Duration
}

func (c crawl) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 1<<10)])
	time.Sleep(time.Duration(n) * c.perByte)
	return n, err
}

func (c crawl) Write(p []byte) (written int, err error) {
	for written < len(p) && err == nil {
		var n int
		n, err = c.Conn.Write(p[written:min(len(p), written+1<<10)])
		written += n
		time.Sleep(time.Duration(n) * c.perByte)
	}
	return written, err
}

func TestSlowLines(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testSlowLines(t, nil) })
	t.Run("TLS", func(t *testing.T) {
		web := httptest.NewTLSServer(nil)
		web.Close()
		testSlowLines(t, &tls.Config{Certificates: web.TLS.Certificates})
	})
}

func testSlowLines(t *testing.T, secured *tls.Config) {
	const size = 300 << 10
	length := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		fmt.Fprint(w, n, strings.Repeat("x", size-10))
	})
	// post sends a body in so long, and reads the answer, and returns how much of that came, and
	// after what time.
	post := func(t *testing.T, each time.Duration) (took time.Duration, came int) {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes()
			s := newServer(p, 10)
			s.serve(length, secured, slog.New(slog.DiscardHandler))
			var conn net.Conn = crawl{p.dial(), each / size}
			defer conn.Close()
			if secured != nil {
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				if err := conn.(*tls.Conn).Handshake(); err != nil {
					t.Fatal(err)
				}
			}
			begin := time.Now()
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", size)
			io.WriteString(conn, strings.Repeat("y", size))
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				body, _ := io.ReadAll(resp.Body)
				came = len(body)
			}
			took = time.Since(begin)
			conn.Close()
			if err := s.shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
		return took, came
	}
	t.Run("each piece has its time", func(t *testing.T) {
		took, came := post(t, 3*time.Minute)
		if came < size-10 || took < 6*time.Minute {
			t.Errorf("%d bytes came in %v", came, took)
		}
	})
	t.Run("and no more", func(t *testing.T) {
		if took, came := post(t, 6*time.Minute); came > 0 || took > 7*time.Minute {
			t.Errorf("%d bytes came in %v", came, took)
		}
	})
}
