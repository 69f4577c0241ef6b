package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startWithin = 15 * time.Second
	stopWithin  = 15 * time.Second
	settleTime  = 1500 * time.Millisecond // after starting, and before stopping for a server that saves late
)

// A contender is a server command that is measured.
type contender struct {
	name    string
	clients string // the protocol: automerge, or a kind that rivals/clients.mjs knows
	command string // may contain {port}, {data} and {dir}
	env     []string
	forgets bool     // it keeps nothing across a restart
	running *running // nil: it is started for each workload
}

// contenders are the servers that there are to choose from.
var contenders = []contender{
	{name: "syncd", clients: "automerge", command: "{syncd} serve --open --listen 127.0.0.1:{port} --admin-listen off --log-level warn --data {data}"},
	{name: "automerge-repo", clients: "automerge", command: "node {dir}/node_modules/@automerge/automerge-repo-sync-server/src/index.js",
		env: []string{"PORT={port}", "DATA_DIR={data}/amrg"}},
	{name: "hocuspocus", clients: "hocuspocus", command: "node {dir}/rivals/hocuspocus.mjs", env: []string{"PORT={port}", "DATA_DIR={data}"}},
	{name: "y-websocket", clients: "y-websocket", command: "node {dir}/node_modules/y-websocket/bin/server.cjs",
		env: []string{"HOST=127.0.0.1", "PORT={port}", "YPERSISTENCE={data}/level"}},
	{name: "y-websocket-memory", clients: "y-websocket", command: "node {dir}/node_modules/y-websocket/bin/server.cjs",
		env: []string{"HOST=127.0.0.1", "PORT={port}"}, forgets: true},
}

// A server is a running contender. One goroutine calls its methods.
type server struct {
	contender
	data   string
	before float64 // MiB that were in data at the beginning
	port   int
	pid    int
	cmd    *exec.Cmd // nil: it was started by somebody else
	exited chan struct{}
	log    bytes.Buffer // written by the process; read after exited
}

// start runs the contender with an empty data directory in scratch, if it does not run already.
func (c contender) start(scratch string) (*server, error) {
	if c.running != nil {
		return c.attach()
	}
	data, err := os.MkdirTemp(scratch, "data-")
	if err != nil {
		return nil, fmt.Errorf("make a data directory: %w", err)
	}
	s := &server{contender: c, data: data}
	if err := s.launch(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// launch runs the command on a free port and waits until it accepts connections.
func (s *server) launch() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.port = port
	fill := strings.NewReplacer("{port}", strconv.Itoa(port), "{data}", s.data)
	args := strings.Fields(fill.Replace(s.command))
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = os.Environ()
	for _, variable := range s.env {
		s.cmd.Env = append(s.cmd.Env, fill.Replace(variable))
	}
	s.cmd.Stderr = &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing stays behind
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.pid = s.cmd.Process.Pid
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) { _ = cmd.Wait(); close(exited) }(s.cmd, s.exited)
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.exited:
			return fmt.Errorf("%s ended before it listened:\n%s", s.name, s.log.String())
		default:
		}
		if conn, err := net.Dial("tcp", s.address()); err == nil {
			_ = conn.Close()
			time.Sleep(settleTime)
			return nil
		}
	}
	return fmt.Errorf("%s does not listen on %s", s.name, s.address())
}

// restart stops the server once it has had time to save, and launches it on the same data.
func (s *server) restart() error {
	time.Sleep(settleTime)
	s.halt()
	return s.launch()
}

// kill ends the process at once, as a crash does.
func (s *server) kill() { _ = s.cmd.Process.Kill(); <-s.exited }

// halt ends the process, by force if it does not want to.
func (s *server) halt() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopWithin):
		s.kill()
	}
}

// stop ends the process and removes its data, if they are not somebody else's.
func (s *server) stop() {
	if s.running != nil {
		return
	}
	if s.cmd != nil {
		s.kill()
	}
	_ = os.RemoveAll(s.data)
}

func (s *server) address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *server) url() string {
	if s.running != nil {
		return s.running.url
	}
	return "ws://" + s.address() + "/"
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
