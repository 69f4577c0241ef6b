package crdttest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// oracleJS is the JavaScript library in a process of its own; snapshot.mjs says
// what it can be asked.
type oracleJS struct {
	in    io.WriteCloser
	lines *bufio.Reader
}

// newOracleJS starts it, and skips the test where it is not installed. It ends
// with the test.
func newOracleJS(t testing.TB) *oracleJS {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(javaScript, "node_modules/@automerge/automerge")); err != nil {
		t.Skipf("@automerge/automerge is not installed in %s (npm ci there)", javaScript)
	}
	script, err := filepath.Abs("testdata/snapshot.mjs")
	must(t, err)
	cmd := exec.Command(node, script)
	cmd.Dir, cmd.Stderr = javaScript, os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, in.Close())
		must(t, cmd.Wait())
	})
	return &oracleJS{in, bufio.NewReader(out)}
}

type oracleQuestion struct {
	Seed     uint64   `json:",omitempty"`
	Changes  [][]byte `json:",omitempty"`
	Covers   int      `json:",omitempty"`
	Snapshot []byte   `json:",omitempty"`
	Peer     string   `json:",omitempty"`
	Generate bool     `json:",omitempty"`
	Receive  []byte   `json:",omitempty"`
	Same     [][]byte `json:",omitempty"`
	Forget   bool     `json:",omitempty"`
	Load     []byte   `json:",omitempty"`
	Times    int      `json:",omitempty"`
}

type oracleReply struct {
	Error        string
	Changes      [][]byte
	Heads        []string
	Message      []byte
	Milliseconds []float64
}

func (o *oracleJS) ask(t testing.TB, q oracleQuestion) oracleReply {
	t.Helper()
	line, err := json.Marshal(q)
	must(t, err)
	_, err = o.in.Write(append(line, '\n'))
	must(t, err)
	answer, err := o.lines.ReadBytes('\n')
	must(t, err)
	var r oracleReply
	must(t, json.Unmarshal(answer, &r))
	return r
}
