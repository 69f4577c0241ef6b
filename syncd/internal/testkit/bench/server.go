package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	startWithin = 15 * time.Second
	stopWithin  = 10 * time.Second
	settleTime  = 1500 * time.Millisecond // after starting, and before stopping for a server that saves late
)

// A contender is a server command that is measured.
type contender struct {
	name, command, scratch string
}

// A server is a running contender. One goroutine calls its methods.
type server struct {
	contender
	data   string
	port   int
	cmd    *exec.Cmd
	exited chan struct{}
	log    bytes.Buffer // written by the process; read after exited
}

// start runs the contender with an empty data directory.
func (c contender) start() (*server, error) {
	data, err := os.MkdirTemp(c.scratch, "data-")
	if err != nil {
		return nil, fmt.Errorf("make a data directory: %w", err)
	}
	s := &server{contender: c, data: data}
	return s, s.launch()
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
	s.cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "DATA_DIR="+filepath.Join(s.data, "amrg"))
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start server %s: %w", s.name, err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) { _ = cmd.Wait(); close(exited) }(s.cmd, s.exited)
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.exited:
			return fmt.Errorf("server %s ended before it listened:\n%s", s.name, s.log.String())
		default:
		}
		if conn, err := net.Dial("tcp", s.address()); err == nil {
			_ = conn.Close()
			time.Sleep(settleTime)
			return nil
		}
	}
	return fmt.Errorf("server %s does not listen on %s", s.name, s.address())
}

// restart stops the server once it has had time to save, and launches it on the same data.
func (s *server) restart() error {
	time.Sleep(settleTime)
	s.stop()
	return s.launch()
}

// stop ends the process, by force if it does not want to.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopWithin):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

func (s *server) address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }
func (s *server) url() string     { return "ws://" + s.address() + "/" }

// cpu is the processor time the process has used, in all its threads, from the kernel's clock of that process: clock ids of other
// processes are made of the complement of their number.
func (s *server) cpu() time.Duration {
	id := uintptr(^s.cmd.Process.Pid<<3 | 2)
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return s.cpuTicks()
	}
	return time.Duration(t.Nano())
}

// cpuTicks is the same from /proc, in steps of 10 ms, where the clock cannot be read.
func (s *server) cpuTicks() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// peakMemory is the most resident memory the process has had, in MiB.
func (s *server) peakMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, _ := strconv.ParseFloat(strings.Fields(after + " 0")[0], 64)
	return kib / 1024
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
