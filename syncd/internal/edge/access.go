package edge

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Access says from where connections are let in. A browser sends along the
// origin of the page that connects, and nothing else stops a page on the open
// web from connecting to a server on the reader's own network. HS16
type Access struct {
	// Origins beside the server's own that may connect, each in the form
	// "https://board.example". AnyOrigin lets in all.
	Origins   []string
	AnyOrigin bool

	// Hosts are the names that the server is reached by, without port. If there
	// are any, requests for others are refused: a page may have made its own
	// name point here.
	Hosts []string

	// Loopback says that the server listens on loopback only: requests for
	// loopback, and for Hosts, are served, and pages from loopback are let in.
	Loopback bool
}

func (a Access) host(hostport string) bool {
	name := hostname(hostport)
	if slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	if a.Loopback {
		return isLoopback(name)
	}
	return len(a.Hosts) == 0
}

// origin lets in what is no browser, which sends no origin.
func (a Access) origin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 || a.AnyOrigin {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	origin := origins[0]
	if slices.ContainsFunc(a.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	// A page that hides where it is from says "null", which has no host.
	return strings.EqualFold(u.Host, r.Host) || a.Loopback && isLoopback(u.Hostname())
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

func isLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}
