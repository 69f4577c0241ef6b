package main

import (
	"io"
	"net/http"
	"time"
)

// pieceBytes is what a peer has a requestTimeout for, to send or to take it: on a slow line the
// app takes minutes, as a large message of a websocket may (LM9).
const pieceBytes = 32 << 10

// paced has requests read and answered in pieces, each with a deadline of its own.
func paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != http.NoBody {
			r.Body = &pacedBody{ReadCloser: r.Body, control: control}
		}
		next.ServeHTTP(&pacedWriter{ResponseWriter: w, control: control}, r)
	})
}

type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	room    int // in the piece
}

// Unwrap is for a ResponseController.
func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *pacedWriter) Write(b []byte) (written int, err error) {
	if len(b) == 0 {
		return p.ResponseWriter.Write(b)
	}
	for err == nil && written < len(b) {
		if p.room == 0 {
			p.room = pieceBytes
			_ = p.control.SetWriteDeadline(time.Now().Add(requestTimeout)) // without it, there is the server's
		}
		var n int
		n, err = p.ResponseWriter.Write(b[written:min(len(b), written+p.room)])
		written += n
		p.room -= n
	}
	return written, err
}

type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	room    int // in the piece
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if p.room == 0 {
		p.room = pieceBytes
		_ = p.control.SetReadDeadline(time.Now().Add(requestTimeout)) // as above
	}
	n, err := p.ReadCloser.Read(b[:min(len(b), p.room)])
	p.room -= n
	return n, err
}
