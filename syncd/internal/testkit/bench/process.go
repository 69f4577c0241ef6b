package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// cpu is the processor time the server has used, in all its threads, from the kernel's clock of that process: clock ids of other
// processes are made of the complement of their number.
func (s *server) cpu() time.Duration {
	id := uintptr(^s.pid<<3 | 2)
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return s.cpuTicks()
	}
	return time.Duration(t.Nano())
}

// cpuTicks is the same from /proc, in steps of 10 ms, where the clock cannot be read.
func (s *server) cpuTicks() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// peakMemory is the most resident memory the process has had, and memory what it has now, in MiB. Both count mapped files.
func (s *server) peakMemory() float64 { return s.status("VmHWM:") }
func (s *server) memory() float64     { return s.status("VmRSS:") }

func (s *server) status(field string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), field)
	kib, _ := strconv.ParseFloat(strings.Fields(after + " 0")[0], 64)
	return kib / 1024
}

// disk is how much more the data directory takes than at the beginning, in MiB: blocks, not the sizes that files claim. NaN if nobody
// knows the directory.
func (s *server) disk() float64 {
	if s.data == "" {
		return math.NaN()
	}
	blocks := int64(0)
	_ = filepath.WalkDir(s.data, func(path string, _ fs.DirEntry, err error) error {
		var st syscall.Stat_t
		if err == nil && syscall.Lstat(path, &st) == nil {
			blocks += st.Blocks
		}
		return nil // files come and go while it is measured
	})
	return float64(blocks)*512/(1<<20) - s.before
}
