package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Access says how clients reach the server, and by which road.
type Access struct {
	PublicURL string `name:"public-url" placeholder:"URL" help:"Address under which people reach this server, as links and QR codes show it (default: that of --listen)."`

	TLSCert     string   `name:"tls-cert" placeholder:"FILE" help:"Certificate chain, in PEM. Read again when the file changes."`
	TLSKey      string   `name:"tls-key" placeholder:"FILE" help:"Private key of --tls-cert, in PEM."`
	ACME        string   `name:"acme" placeholder:"DOMAIN" help:"Get and renew a certificate for this name from Let's Encrypt, whose terms of service are accepted thereby. Needs port 443."`
	ACMEDir     string   `name:"acme-directory" placeholder:"URL" help:"Directory of another issuer for --acme, one of your own for instance (default: that of Let's Encrypt)."`
	LAN         bool     `name:"lan" help:"Use a certificate of the server's own, for a house without a domain. Invites carry its fingerprint."`
	BehindProxy []string `name:"behind-proxy" placeholder:"CIDR" help:"Addresses of the reverse proxy that does TLS; only what it says about a client's address is believed. Repeatable."`
}

// Gated tells whether only members are served.
func (c *Config) Gated() bool { return !c.Open }

// TLS tells whether the server itself does TLS.
func (a *Access) TLS() bool { return a.TLSCert != "" || a.ACME != "" || a.LAN }

// Secure tells whether browsers reach the server by https, so that cookies may
// be marked for it alone.
func (a *Access) Secure() bool {
	return a.TLS() || strings.HasPrefix(a.PublicURL, "https://")
}

// Base is the address that links begin with, without a slash at its end. addr is
// HOST:PORT of the listener, with a host that people can reach.
func (a *Access) Base(addr string) string {
	if a.PublicURL != "" {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	scheme, usual := "http", "80"
	if a.TLS() {
		scheme, usual = "https", "443"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return scheme + "://" + addr
	}
	if a.ACME != "" {
		host = a.ACME
	}
	if port != usual {
		return scheme + "://" + net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}

// Names are the names, without port, that clients may reach the server by:
// those of --host, --public-url and --acme.
func (c *Config) Names() []string {
	names := slices.Clone(c.Hosts)
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	if c.ACME != "" {
		names = append(names, c.ACME)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Proxies are the networks of BehindProxy; an address alone is a network of one.
func (a *Access) Proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range a.BehindProxy {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("--behind-proxy %s: an address looks like 10.0.0.1, a network like 10.0.0.0/24", s)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("--behind-proxy %s: that is everybody; name the proxy alone", s)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// checkAccess reports what keeps this server from being reached the way that
// is set. local tells that only this machine reaches the listener.
func (c *Config) checkAccess(local bool) error {
	if err := c.checkTLS(); err != nil {
		return err
	}
	if c.PublicURL != "" {
		if err := checkPublicURL(c.PublicURL); err != nil {
			return fmt.Errorf("--public-url %s: %w", c.PublicURL, err)
		}
	}
	switch {
	case c.Open && c.Demo:
		return errors.New("--open and --demo: an open server has no boards that one could join; leave one of them out")
	case c.Demo && !local:
		return fmt.Errorf("--demo on %s would let everyone on the network in; listen on 127.0.0.1, or leave --demo out", c.Listen)
	case c.Demo && len(c.BehindProxy) > 0:
		return errors.New("--demo behind a proxy would let everyone in; leave --demo out")
	case local || c.Public:
		return nil
	case c.Open:
		return fmt.Errorf("--open on %s lets everyone on the network read and change every document;"+
			" add --i-know-this-is-public if that is meant, or listen on 127.0.0.1", c.Listen)
	case !c.TLS() && len(c.BehindProxy) == 0:
		return fmt.Errorf("on %s others could read along, and browsers do not join without https;"+
			" add --lan, --tls-cert and --tls-key, --acme, or --behind-proxy; or listen on 127.0.0.1", c.Listen)
	}
	return nil
}

func (c *Config) checkTLS() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key belong together; give both")
	}
	var ways []string
	if c.TLSCert != "" {
		ways = append(ways, "--tls-cert")
	}
	if c.ACME != "" {
		ways = append(ways, "--acme")
		if !isDomain(c.ACME) {
			return fmt.Errorf("--acme %s: a domain looks like board.example, without a scheme or port", c.ACME)
		}
	}
	if c.ACMEDir != "" {
		if c.ACME == "" {
			return errors.New("--acme-directory is for --acme DOMAIN; give both")
		}
		if u, err := url.Parse(c.ACMEDir); err != nil || u.Scheme != "https" || u.Hostname() == "" {
			return fmt.Errorf("--acme-directory %s: a directory looks like https://ca.example/acme/directory", c.ACMEDir)
		}
	}
	if c.LAN {
		ways = append(ways, "--lan")
	}
	if len(ways) > 1 {
		return fmt.Errorf("%s: there is one certificate; choose one of them", strings.Join(ways, " and "))
	}
	if _, err := c.Proxies(); err != nil {
		return err
	}
	if len(c.BehindProxy) > 0 && c.PublicURL == "" {
		return errors.New("--behind-proxy needs --public-url https://…, since only the proxy knows by which name people come")
	}
	return nil
}

func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		strings.TrimSuffix(s, "/") != u.Scheme+"://"+u.Host {
		return errors.New("an address looks like https://board.example, without a path")
	}
	return nil
}

// isDomain tells whether s is a name with a dot in it, of the letters that names
// in certificates have.
func isDomain(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") || isIP(s) {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range strings.ToLower(label) {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	return true
}

func checkOrigin(s string) error {
	if s == "*" || s == "null" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || s != u.Scheme+"://"+u.Host {
		return errors.New("an origin looks like https://board.example, without a path")
	}
	return nil
}
