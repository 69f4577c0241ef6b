package chunk

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// deflateBytesMin is the size of a body from which deflating it is tried.
const deflateBytesMin = 256

// keepBytesMax is the largest scratch buffer that goes back to the pool.
const keepBytesMax = 1 << 20

type inflater struct {
	src bytes.Reader
	r   io.ReadCloser // also a flate.Resetter
	buf bytes.Buffer
}

var inflaters = sync.Pool{New: func() any {
	return &inflater{r: flate.NewReader(nil)}
}}

// inflate gives the plain change of a deflated one, in memory of its own. The
// checksum stays to be verified.
func inflate(f frame, bytesMax int) (frame, error) {
	in := inflaters.Get().(*inflater)
	defer in.release()
	body, err := in.inflate(f.body, bytesMax)
	if err != nil {
		return frame{}, err
	}
	plain := make([]byte, 0, typeOffset+1+lebBytesMax+len(body))
	plain = appendContainer(plain, TypeChange, f.checksum, body)
	if len(plain) > bytesMax {
		return frame{}, overLimit("%d bytes inflated, at most %d", len(plain), bytesMax)
	}
	return frame{TypeChange, f.checksum, plain, plain[len(plain)-len(body):]}, nil
}

// inflateBytes inflates src to at most bytesMax bytes in memory of their own. If it is
// known that they will be some, and no more than some thousand others, there is as much
// memory from the beginning.
func inflateBytes(src []byte, bytesMax, known int) ([]byte, error) {
	in := inflaters.Get().(*inflater)
	defer in.release()
	if known > keepBytesMax {
		in.buf = *bytes.NewBuffer(make([]byte, 0, min(known, bytesMax)+bytes.MinRead))
	}
	b, err := in.inflate(src, bytesMax)
	if in.buf.Cap() > keepBytesMax {
		in.buf = bytes.Buffer{} // it would not be used again
		return b, err
	}
	return bytes.Clone(b), err
}

// inflate returns bytes that are valid until release. src has to end where the
// deflated stream does.
func (in *inflater) inflate(src []byte, bytesMax int) ([]byte, error) {
	in.src.Reset(src)
	in.buf.Reset()
	if err := in.r.(flate.Resetter).Reset(&in.src, nil); err != nil {
		return nil, malformed("deflated bytes: %v", err)
	}
	n, err := io.Copy(&in.buf, io.LimitReader(in.r, int64(bytesMax)+1))
	switch {
	case n > int64(bytesMax):
		return nil, overLimit("inflates to more than %d bytes", bytesMax)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, malformed("deflated bytes are cut off")
	case err != nil:
		return nil, malformed("deflated bytes are damaged")
	case in.src.Len() > 0:
		return nil, malformed("%d bytes after the deflated ones", in.src.Len())
	}
	return in.buf.Bytes(), nil
}

func (in *inflater) release() {
	in.src.Reset(nil)
	if in.buf.Cap() <= keepBytesMax {
		inflaters.Put(in)
	}
}

// appendContainer appends a chunk with the given body.
func appendContainer(dst []byte, typ Type, checksum [checksumBytes]byte, body []byte) []byte {
	dst = append(dst, magic[:]...)
	dst = append(dst, checksum[:]...)
	dst = append(dst, byte(typ))
	dst = appendUleb(dst, uint64(len(body)))
	return append(dst, body...)
}

type deflater struct {
	w   *flate.Writer
	buf bytes.Buffer
}

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return &deflater{w: w}
}}

// Deflate appends to dst the smaller form of change: deflated if its body is
// longer than 256 bytes and gets shorter by it, else as it is. Every reader of
// files understands it; a peer whose core is as old as automerge-go's does not
// read it in sync messages. change is the Bytes of a Change; anything else is
// appended as it is.
func Deflate(dst, change []byte) []byte {
	f, err := cutFrame(change, len(change))
	if err != nil || f.typ != TypeChange || len(f.bytes) != len(change) || len(f.body) <= deflateBytesMin {
		return append(dst, change...)
	}
	d := deflaters.Get().(*deflater)
	d.buf.Reset()
	d.w.Reset(&d.buf)
	_, err = d.w.Write(f.body)
	if err = errors.Join(err, d.w.Close()); err != nil || d.buf.Len() >= len(f.body) {
		dst = append(dst, change...)
	} else {
		dst = appendContainer(dst, TypeDeflated, f.checksum, d.buf.Bytes())
	}
	if d.buf.Cap() <= keepBytesMax {
		deflaters.Put(d)
	}
	return dst
}
