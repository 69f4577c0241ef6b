package hub

import (
	"bytes"
	"sync/atomic"

	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// answers decodes the sync messages of one document. To a change all peers give the same
// answer, byte for byte, so the last answer is kept with what it says, and the next peer's is
// compared with it. It may be used by several goroutines.
type answers struct{ last atomic.Pointer[answer] }

type answer struct {
	data    []byte
	message replica.Message // which nobody modifies
}

// answerBytesMax is the longest answer that is kept: with some heads.
const answerBytesMax = 1 << 10

// decode is that of package replica. It tells whether the message agrees.
func (a *answers) decode(data []byte) (m replica.Message, agrees bool, err error) {
	if last := a.last.Load(); last != nil && bytes.Equal(last.data, data) {
		return last.message, true, nil
	}
	m, err = replica.Decode(data)
	if err != nil {
		return m, false, err
	}
	if agrees = m.Agrees(); agrees && len(data) <= answerBytesMax {
		a.last.Store(&answer{data, m})
	}
	return m, agrees, nil
}
