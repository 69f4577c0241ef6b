package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Running is a server that runs already, whoever started it: it is measured as it is, and neither restarted nor ended, and nothing of its
// directory is removed.
type running struct {
	url string
	pid int
	dir string // "": what it stores is not measured
}

// protocols are what clients can speak.
var protocols = []string{"automerge", "hocuspocus", "y-websocket"}

// parseRunning reads name=ws://127.0.0.1:3030/,pid=7,protocol=automerge,dir=/var/lib/x. The protocol is automerge unless said; dir may be missing.
func parseRunning(text string) (contender, error) {
	c := contender{clients: protocols[0], running: &running{}}
	for i, part := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		var err error
		switch {
		case !ok || value == "" || key == "":
			return c, fmt.Errorf("%q is no name=value", part)
		case i == 0:
			c.name = key
			c.running.url, err = loopback(value)
		case key == "pid":
			c.running.pid, err = strconv.Atoi(value)
		case key == "protocol":
			c.clients = value
		case key == "dir":
			c.running.dir = value
		default:
			err = errors.New("there are pid, protocol and dir")
		}
		if err != nil {
			return c, fmt.Errorf("%s: %w", part, err)
		}
	}
	if !slices.Contains(protocols, c.clients) {
		return c, fmt.Errorf("no client speaks %q: there are %s", c.clients, strings.Join(protocols, ", "))
	}
	if strings.HasPrefix(c.running.url, "wss:") && c.clients != "automerge" {
		return c, errors.New("the clients of " + c.clients + " speak ws:// alone")
	}
	if c.running.pid <= 0 {
		return c, errors.New("pid=, the process of the server, is missing")
	}
	return c, nil
}

var errElsewhere = errors.New("is not an address of this machine's loopback, and the load goes nowhere else")

// loopback refuses every address that is not ws:// or wss:// to a loopback address, written as one, or to localhost.
func loopback(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Port() == "" {
		return "", errors.New("is no ws:// or wss:// address with a port")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
		return "", errElsewhere
	}
	u.Path = cmp.Or(u.Path, "/")
	return u.String(), nil
}

// attach returns the server as it runs.
func (c contender) attach() (*server, error) {
	s := &server{contender: c, pid: c.running.pid, data: c.running.dir}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/stat", s.pid)); err != nil {
		return nil, fmt.Errorf("%s: there is no process %d", c.name, s.pid)
	}
	if s.data != "" {
		if _, err := os.Stat(s.data); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		s.before = s.disk()
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid), []byte("5"), 0) // the peak begins anew, for whom the kernel allows it
	return s, nil
}

// leftOut says which workloads running servers are not measured with.
func leftOut(chosen []contender, loads []workload) string {
	if !slices.ContainsFunc(chosen, func(c contender) bool { return c.running != nil }) {
		return ""
	}
	var names []string
	for _, w := range loads {
		if w.restart {
			names = append(names, w.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Left out on servers that run already, since the server is killed or restarted in them: " + strings.Join(names, "; ") + "."
}
