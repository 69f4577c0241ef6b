package cli

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/tlsconfig"
)

type setupCmd struct {
	operatorCmd `embed:""`
}

func (*setupCmd) Help() string {
	return "The code that was made before does not work any more. Once somebody has joined with one, there are no more: the others are invited."
}

func (c *setupCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, true, func(o *operator) error {
		var i api.NewInvite
		if err := o.tell("/v1/setup", nil, &i); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(i)
		}
		var s api.ServerInfo
		if err := o.ask("/v1/server", &s); err != nil {
			return err
		}
		_, err := fmt.Fprint(a.Stdout, setupText("Nobody may make boards in the app yet. Whoever opens this link first may:", i, s.Fingerprint, terminal(a.Stdout)))
		return err
	})
}

// SetupText is what a start prints, until there is a member: the
// link, the code and, if out is a terminal, a QR code for a phone.
func SetupText(out io.Writer, server api.Server, code string) string {
	i := api.NewInvite{Code: code, Link: server.Link(code, false)}
	return setupText("Nobody belongs to this server yet. Whoever opens this link first sets it up:", i, server.Fingerprint, terminal(out))
}

func setupText(why string, i api.NewInvite, fingerprint string, drawn bool) string {
	var out strings.Builder
	out.WriteString(why + "\n\n")
	writeJoining(&out, i, drawn)
	if fingerprint != "" {
		fmt.Fprintf(&out, "\nThe browser will warn of the server's own certificate. It is the right one if its SHA-256 fingerprint is\n  %s\n",
			tlsconfig.ShowFingerprint(fingerprint))
	}
	out.WriteString("\nThe code works once, for a day. A new one: syncd setup\n")
	return out.String()
}

// Reached is the address that a server on addr (HOST:PORT) tells people. A
// listener on all addresses is reached by the first address of this machine that
// others can reach.
func Reached(cfg config.Config, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return cfg.Base(addr)
	}
	certified := certified(cfg)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
		if known := slices.Concat(cfg.Names(), certified, tlsconfig.LocalAddresses()); len(known) > 0 {
			host = known[0]
		}
	} else if len(certified) > 0 && !slices.Contains(certified, host) {
		host = certified[0] // browsers refuse the address
	}
	return cfg.Base(net.JoinHostPort(host, port))
}

// Names are the names and addresses that clients may reach the server by. With a
// certificate of its own a server is known by those of its machine as well, with one
// from a file by those that it is for.
func Names(cfg config.Config) []string {
	names := append(cfg.Names(), certified(cfg)...)
	if cfg.LAN {
		names = append(names, tlsconfig.LocalNames()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// certified are the names that the certificate in a file is for.
func certified(cfg config.Config) []string {
	if cfg.TLSCert == "" {
		return nil
	}
	return tlsconfig.CertificateNames(cfg.TLSCert)
}
