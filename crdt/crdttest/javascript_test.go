package crdttest

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// javaScript is a folder in which @automerge/automerge may be installed.
const javaScript = "../../examples/hello"

// What our strict validation accepts never makes JavaScript panic either, on
// which the clients run: see survive.mjs for what is done with each history.
func TestAcceptedMutationsDoNotHarmJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	if _, err := os.Stat(filepath.Join(javaScript, "node_modules/@automerge/automerge")); err != nil {
		t.Skipf("@automerge/automerge is not installed in %s (npm ci there)", javaScript)
	}
	script, err := filepath.Abs(filepath.Join(histories, "survive.mjs"))
	must(t, err)
	cmd := exec.Command(node, script)
	cmd.Dir, cmd.Stderr = javaScript, os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	pipe, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	out := bufio.NewReader(pipe)

	bases := mutationBases(t)
	r := rand.New(rand.NewPCG(*mutationSeed, 10))
	accepted, panics := 0, 0
	for i := range *mutations {
		h, ok := mutateAccepted(r, bases)
		if !ok {
			continue
		}
		accepted++
		line, err := json.Marshal(ask(uint64(i), h))
		must(t, err)
		_, err = in.Write(append(line, '\n'))
		must(t, err)
		reply, err := out.ReadString('\n')
		must(t, err)
		if reply = strings.TrimSpace(reply); reply != "" {
			panics++
			t.Errorf("mutation %d: %.300s\n%s", i, reply, dump(h))
		}
	}
	must(t, in.Close())
	must(t, cmd.Wait())
	t.Logf("%d mutations: %d accepted, JavaScript failed on %d", *mutations, accepted, panics)
	if accepted < *mutations/20 {
		t.Errorf("only %d of %d mutations were accepted: too few to tell", accepted, *mutations)
	}
}
