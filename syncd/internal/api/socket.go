package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	socketName = "syncd.sock"
	// socketPathMax is the longest path of a socket that every system takes.
	socketPathMax = 100
	dialTimeout   = 5 * time.Second
)

// ErrNoDaemon is returned by DialSocket when no server answers there.
var ErrNoDaemon = errors.New("no syncd is running on this data directory")

// SocketPath is where the operator's socket of a data directory is: in it, or if
// that path is too long for a socket, in a folder of its own among the temporary
// files. moved tells the latter.
func SocketPath(dataDir string) (path string, moved bool, err error) {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return "", false, fmt.Errorf("find the operator's socket: %w", err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	if path = filepath.Join(abs, socketName); len(path) <= socketPathMax {
		return path, false, nil
	}
	sum := sha256.Sum256([]byte(abs))
	path = filepath.Join(os.TempDir(), fmt.Sprintf("tavle-%d-%s", os.Getuid(), hex.EncodeToString(sum[:8])), socketName)
	if len(path) > socketPathMax {
		return "", false, fmt.Errorf("the path of the data directory is too long for the operator's socket, and so is %s; use a shorter one", path)
	}
	return path, true, nil
}

// ListenSocket opens the operator's socket of a data directory, for the user of
// this process alone. The caller holds the store of that directory, so a socket
// that is there was left by a process that has ended.
func ListenSocket(dataDir string) (net.Listener, error) {
	path, moved, err := SocketPath(dataDir)
	if err != nil {
		return nil, err
	}
	if moved {
		if err := ownFolder(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("open the operator's socket: %w", err)
		}
	}
	if err := removeSocket(path); err != nil {
		return nil, fmt.Errorf("open the operator's socket: %w", err)
	}
	var lis net.Listener
	withoutOthers(func() { lis, err = net.Listen("unix", path) })
	if err != nil {
		return nil, fmt.Errorf("open the operator's socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		lis.Close()
		return nil, fmt.Errorf("open the operator's socket: %w", err)
	}
	return lis, nil
}

// ownFolder makes a folder that only this user can enter, and trusts none that
// somebody else made.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !ownAlone(info) {
		return fmt.Errorf("%s was made by somebody else; remove it, or use a data directory with a shorter path", dir)
	}
	return nil
}

func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is no socket; remove it", path)
	}
	return os.Remove(path)
}

// DialSocket connects to the operator's socket of a data directory. The error
// wraps ErrNoDaemon when nobody listens there.
func DialSocket(ctx context.Context, dataDir string) (net.Conn, error) {
	path, moved, err := SocketPath(dataDir)
	if err != nil {
		return nil, err
	}
	if moved {
		if _, err := os.Lstat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoDaemon
		}
		if err := ownFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w (%s)", ErrNoDaemon, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the server's socket %s belongs to another user; run this command as that user", path)
	case err != nil:
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	return conn, nil
}
