package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestServeRelaxesItsTimers(t *testing.T) {
	d := start(t, t.TempDir(), "--admin-listen=off")
	proc := fmt.Sprint("/proc/", d.cmd.Process.Pid)
	environ, err := os.ReadFile(proc + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(environ, []byte("TAVLE_TIMERS_RELAXED=1")) {
		t.Error("it has not begun anew")
	}
	args, err := os.ReadFile(proc + "/cmdline")
	if want := strings.Join(d.cmd.Args, "\x00") + "\x00"; err != nil || string(args) != want {
		t.Errorf("it runs as %q instead of %q, %v", args, want, err)
	}
	threads, err := filepath.Glob(proc + "/task/*")
	if err != nil || len(threads) < 3 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	for _, thread := range threads {
		slack, err := os.ReadFile("/proc/" + filepath.Base(thread) + "/timerslack_ns")
		if errors.Is(err, fs.ErrPermission) {
			t.Skip("what the threads have been given is shown to those who may change it, as root")
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended
		}
		if want := fmt.Sprintln(timerSlack.Nanoseconds()); err != nil || string(slack) != want {
			t.Errorf("thread %s: timer slack %q instead of %q, %v", filepath.Base(thread), slack, want, err)
		}
	}
}

// Whoever gives the process more slack, as a unit of systemd can, is left alone.
func TestTimersRelaxedFromOutsideStayAsTheyAre(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	if _, err := prctl(prSetTimerSlack, 2*timerSlack); err != nil {
		t.Fatal(err)
	}
	d := start(t, t.TempDir(), "--admin-listen=off") // inherits it
	environ, err := os.ReadFile(fmt.Sprint("/proc/", d.cmd.Process.Pid, "/environ"))
	if err != nil || bytes.Contains(environ, []byte(relaxedMark)) {
		t.Errorf("it has begun anew, %v", err)
	}
}
