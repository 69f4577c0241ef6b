package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stepWithin is how long a step may take: longer than any server that gets there at all.
const stepWithin = 3 * time.Minute

// Yjs is a scene whose clients are Yjs peers, in a process of their own: rivals/clients.mjs. It is told what to do in lines of JSON,
// and answers each with one.
type yjs struct {
	cmd     *exec.Cmd
	orders  io.WriteCloser
	answers *bufio.Reader
}

func newYjs(p play, kind, dir string) (*yjs, error) {
	y := &yjs{cmd: exec.Command("node", filepath.Join(dir, "rivals/clients.mjs"), kind)}
	y.cmd.Stderr = os.Stderr
	y.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := y.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := y.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := y.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the Yjs clients: %w", err)
	}
	y.orders, y.answers = in, bufio.NewReader(out)
	if _, err := y.ask("play", p); err != nil {
		return nil, errors.Join(err, y.leave())
	}
	return y, nil
}

// ask has the clients do a step and waits until it is done.
func (y *yjs) ask(step string, argument any) (result, error) {
	line, err := json.Marshal(map[string]any{"step": step, "argument": argument})
	if err != nil {
		return result{}, err
	}
	late := time.AfterFunc(stepWithin, func() { _ = y.cmd.Process.Kill() })
	defer late.Stop()
	if _, err := y.orders.Write(append(line, '\n')); err != nil {
		return result{}, fmt.Errorf("tell the Yjs clients to %s: %w", step, err)
	}
	if line, err = y.answers.ReadBytes('\n'); err != nil {
		return result{}, fmt.Errorf("the Yjs clients, told to %s: %w", step, err)
	}
	var answer struct {
		Result result `json:"result"`
		Error  string `json:"error"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return result{}, fmt.Errorf("read what the Yjs clients say: %w", err)
	}
	if answer.Error != "" {
		return answer.Result, fmt.Errorf("the Yjs clients, told to %s: %s", step, answer.Error)
	}
	return answer.Result, nil
}

func (y *yjs) prepare(url string) error         { _, err := y.ask("prepare", url); return err }
func (y *yjs) act(url string) (result, error)   { return y.ask("act", url) }
func (y *yjs) check(url string) (result, error) { return y.ask("check", url) }

// leave ends the process, and with it all connections.
func (y *yjs) leave() error {
	if y.cmd == nil {
		return nil
	}
	_ = y.orders.Close() // it ends when there are no more orders
	err := y.cmd.Wait()
	y.cmd = nil
	return err
}
