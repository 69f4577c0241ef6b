package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checkOrigin refuses requests that another site's page made, and those for
// another name: a page can give its own name the address of this server and then
// counts as of the same origin, but its name stands in the Host.
func (a *API) checkOrigin(r *http.Request) error {
	if !a.ownName(r.Host) {
		return errHost
	}
	if strings.HasPrefix(r.URL.Path, posterPath) {
		return nil // people come to a poster's address from anywhere
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errOrigin
	}
	if err := a.origins.Check(r); err != nil {
		return errOrigin
	}
	// Reading is checked as well, where a browser says where it comes from.
	if origin := r.Header.Get("Origin"); origin != "" && !a.sameOrigin(r, origin) {
		return errOrigin
	}
	return nil
}

// sameOrigin tells whether an origin is that of the server, as far as a request
// can show.
func (a *API) sameOrigin(r *http.Request, origin string) bool {
	if len(r.Header["Origin"]) > 1 {
		return false
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || a.Secure && u.Scheme != "https" {
		return false // a page that came by http may be anybody's
	}
	return strings.EqualFold(u.Host, r.Host) || strings.EqualFold(origin, a.Server.Base)
}

// ownName tells whether the server is to answer under the name in a Host.
func (a *API) ownName(hostport string) bool {
	name := hostport
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	addr, err := netip.ParseAddr(name)
	switch {
	case err == nil:
		return !a.Loopback || addr.IsLoopback() || a.named(name)
	case strings.EqualFold(name, "localhost"):
		return true // which nobody can point elsewhere
	}
	return a.named(name)
}

func (a *API) named(name string) bool {
	if base, err := url.Parse(a.Server.Base); err == nil && strings.EqualFold(base.Hostname(), name) {
		return true
	}
	return slices.ContainsFunc(a.Names, func(n string) bool { return strings.EqualFold(n, name) })
}

// address is where the client is: who connected, or whom a trusted proxy names.
func (a *API) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	if !a.trusted(addr) {
		return addr
	}
	// The last one was written by the proxy that we trust; those before it by
	// whoever came before, and only a trusted one is believed.
	named := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(named) {
		next, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(text), "[]"))
		if err != nil {
			return addr
		}
		if addr = next.Unmap(); !a.trusted(addr) {
			return addr
		}
	}
	return addr
}

func (a *API) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(a.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
