package badger

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// dropLogPages gives the pages of mapped write-ahead logs back to the system, also those of
// another store in this process. What of a log is not on the disk yet stays.
//
// Badger does not tell where its logs are mapped. One that is unmapped meanwhile may leave
// its addresses to anything else, which MADV_PAGEOUT, unlike MADV_DONTNEED, takes nothing
// from. Linux knows it since 5.4.
func dropLogPages() {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		if !strings.HasSuffix(lines.Text(), logSuffix) {
			continue
		}
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); err == nil {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT)
		}
	}
}
