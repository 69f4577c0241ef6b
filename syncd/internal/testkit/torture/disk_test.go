package torture

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// # A disk whose power can be cut
//
// A disk is a file of a FUSE file system. A loop device makes a block device of it, on
// which the kernel has a file system as on any other disk. What that writes arrives at
// Write, and what it flushes, because somebody called msync or fsync or for its journal,
// at Fsync. Until then a write may reach the platter or not, in any order, or a part of its
// sectors: which of them do is drawn when the power is cut.

const diskBytes = 1 << 30

// disk is what a drive with a volatile cache is.
type disk struct {
	fs.Inode

	sector int // bytes that are written whole or not at all

	mu      sync.Mutex
	platter *os.File // what outlives a power cut
	cache   *os.File // what is read: the platter, and all writes
	waiting []extent // writes since the last flush, the oldest first
	left    int      // writes until the power is cut; 0 for ever
	rng     *rand.Rand
	off     chan struct{} // closed when it is cut
	lost    int           // writes that nobody had flushed when it was cut, over all cuts
	flushes int
}

// extent is a write that nobody has flushed.
type extent struct {
	at   int64
	data []byte
}

// newDisk returns an empty disk, the content of which is kept in a folder.
func newDisk(t *testing.T, dir string, sector int) *disk {
	t.Helper()
	d := &disk{sector: sector, off: make(chan struct{})}
	for name, file := range map[string]**os.File{"platter": &d.platter, "cache": &d.cache} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(diskBytes); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		*file = f
	}
	return d
}

var (
	_ fs.NodeOpener    = (*disk)(nil)
	_ fs.NodeGetattrer = (*disk)(nil)
	_ fs.NodeReader    = (*disk)(nil)
	_ fs.NodeWriter    = (*disk)(nil)
	_ fs.NodeFsyncer   = (*disk)(nil)
)

// Open implements fs.NodeOpener. Nothing of a disk is kept in the cache of its file.
func (d *disk) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

// Getattr implements fs.NodeGetattrer.
func (d *disk) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Size = 0o600, diskBytes
	return 0
}

// Read implements fs.NodeReader.
func (d *disk) Read(_ context.Context, _ fs.FileHandle, dest []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOff() {
		return nil, syscall.EIO
	}
	n, err := d.cache.ReadAt(dest, at)
	if err != nil && err != io.EOF {
		return nil, syscall.EIO
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// Write implements fs.NodeWriter.
func (d *disk) Write(_ context.Context, _ fs.FileHandle, data []byte, at int64) (uint32, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOff() {
		return 0, syscall.EIO
	}
	if _, err := d.cache.WriteAt(data, at); err != nil {
		return 0, syscall.EIO
	}
	d.waiting = append(d.waiting, extent{at, append([]byte(nil), data...)})
	if d.left--; d.left == 0 {
		d.cut()
	}
	return uint32(len(data)), 0
}

// Fsync implements fs.NodeFsyncer.
func (d *disk) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOff() {
		return syscall.EIO
	}
	for _, w := range d.waiting {
		if _, err := d.platter.WriteAt(w.data, w.at); err != nil {
			return syscall.EIO
		}
	}
	d.waiting = nil
	d.flushes++
	return 0
}

// cutAfter cuts the power with one of the next writes. What is drawn comes from rng, which
// is the disk's until then.
func (d *disk) cutAfter(writes int, rng *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.rng = writes, rng
}

// cut cuts the power: nothing is written or flushed any more. Of what waits some has
// reached the platter. It needs mu.
func (d *disk) cut() {
	close(d.off)
	d.lost += len(d.waiting)
	likely := d.rng.Float64() // that a write has arrived
	switch d.rng.IntN(4) {
	case 0:
		likely = 0
	case 1:
		likely = 1
	}
	for _, i := range d.rng.Perm(len(d.waiting)) {
		w := d.waiting[i]
		torn := d.rng.IntN(4) == 0
		whole := d.rng.Float64() < likely
		for from := 0; from < len(w.data); from += d.sector {
			if torn {
				whole = d.rng.Float64() < likely
			}
			if whole {
				_, _ = d.platter.WriteAt(w.data[from:min(from+d.sector, len(w.data))], w.at+int64(from))
			}
		}
	}
}

func (d *disk) isOff() bool {
	select {
	case <-d.off:
		return true
	default:
		return false
	}
}

// unlessOff calls f while the power is not cut, if it is not.
func (d *disk) unlessOff(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.isOff() {
		f()
	}
}

// on gives the power back: what is read is what is on the platter.
func (d *disk) on() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.waiting {
		if _, err := d.platter.ReadAt(w.data, w.at); err != nil {
			return err
		}
		if _, err := d.cache.WriteAt(w.data, w.at); err != nil {
			return err
		}
	}
	d.waiting, d.left, d.off = nil, 0, make(chan struct{})
	return nil
}

// fileSystem is what a machine has on its disk.
type fileSystem struct {
	mkfs   []string
	sector int // of the disk, in bytes
}

// fileSystems are those that can be tried. btrfs does not outlive a power cut that tears one of
// its blocks of 4 KiB, wherever that is its superblock: it wants a disk that does not.
var fileSystems = map[string]fileSystem{
	"ext4":  {[]string{"mkfs.ext4", "-q", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1"}, 512},
	"xfs":   {[]string{"mkfs.xfs", "-q", "-K"}, 512},
	"btrfs": {[]string{"mkfs.btrfs", "-q", "-K"}, 4096},
}

// machine is what a power cut happens to: a disk with a file system.
type machine struct {
	disk       *disk
	file, root string // the disk as a file, and where it is mounted
	mounted    bool
}

// newMachine makes a disk with an empty file system.
func newMachine(t *testing.T, on fileSystem) *machine {
	t.Helper()
	m := &machine{disk: newDisk(t, t.TempDir(), on.sector), root: t.TempDir()}
	dir := t.TempDir()
	root := &fs.Inode{}
	server, err := fs.Mount(dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, MaxWrite: 1 << 20, DisableXAttrs: true, FsName: "disk"},
		OnAdd: func(ctx context.Context) {
			root.AddChild("disk", root.NewPersistentInode(ctx, m.disk, fs.StableAttr{Mode: syscall.S_IFREG}), false)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepFromChildren(t)
	t.Cleanup(func() {
		if m.mounted { // the test has failed
			_ = run("umount", m.root)
		}
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	m.file = filepath.Join(dir, "disk")
	if err := run(slices.Concat(on.mkfs, []string{m.file})...); err != nil {
		t.Fatal(err)
	}
	m.disk.Fsync(t.Context(), nil, 0)
	return m
}

// keepFromChildren has the connection to the kernel end with this process, which is not so
// while a child has inherited it: go-fuse opens it without O_CLOEXEC. Whoever uses the disk
// would wait for ever.
func keepFromChildren(t *testing.T) {
	t.Helper()
	const fds = "/proc/self/fd"
	entries, err := os.ReadDir(fds)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(fds, e.Name())); err != nil || to != "/dev/fuse" {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		syscall.CloseOnExec(fd)
	}
}

// start mounts the disk and starts syncd. If that fails, the daemon has ended.
func (m *machine) start(t *testing.T, data string) (*daemon, error) {
	t.Helper()
	if err := run("mount", "-o", "loop,nodiscard", m.file, m.root); err != nil {
		return nil, err
	}
	m.mounted = true
	return tryStart(t, data)
}

// stop unmounts the disk, and gives it its power back.
func (m *machine) stop() error {
	if m.mounted {
		if err := run("umount", m.root); err != nil {
			return err
		}
		m.mounted = false
	}
	return m.disk.on()
}

func run(command ...string) error {
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", command, err, out)
	}
	return nil
}
