// Package tlsconfig makes the server's side of TLS: from certificate files that
// may change, from an issuer that renews by itself, or from a certificate of the
// server's own for a house without a domain.
//
// It starts no goroutine and opens no socket. Files are looked at when somebody
// connects. The private key of an own certificate stays in the data directory,
// readable to its owner alone, and is never logged.
package tlsconfig

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Issuer gets certificates from elsewhere.
type Issuer interface {
	// GetCertificate is that of tls.Config.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// TLSConfig is what the issuer needs besides, for instance a protocol by
	// which it proves who it is. GetCertificate of it is used.
	TLSConfig() *tls.Config
	// HTTPHandler answers its questions over plain http, and gives the rest to
	// fallback.
	HTTPHandler(fallback http.Handler) http.Handler
}

// Config says where the certificate comes from: exactly one of CertFile with
// KeyFile, Issuer, or OwnDir.
type Config struct {
	CertFile, KeyFile string

	Issuer Issuer

	OwnDir string   // where the own certificate is kept, or made once
	Names  []string // names and addresses it is made for, besides those of this machine

	Now    func() time.Time // time.Now when nil
	Logger *slog.Logger
}

// TLS is what a listener needs.
type TLS struct {
	// Config is for tls.NewListener. HTTP/1.1 alone: websockets need it.
	Config *tls.Config

	// Fingerprint is the SHA-256 of an own certificate, in lower case
	// hexadecimal; empty when others vouch for the certificate.
	Fingerprint string
}

// New returns what the listener needs. A certificate that cannot be read now is
// an error; one that cannot be read later is logged, and the last good one stays.
func New(c Config) (*TLS, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	base := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	switch {
	case c.CertFile != "":
		f := &files{cert: c.CertFile, key: c.KeyFile, now: c.Now, logger: c.Logger}
		if err := f.first(); err != nil {
			return nil, err
		}
		base.GetCertificate = f.GetCertificate
		return &TLS{Config: base}, nil
	case c.Issuer != nil:
		config := c.Issuer.TLSConfig().Clone()
		config.MinVersion = tls.VersionTLS12
		config.NextProtos = withoutHTTP2(config.NextProtos)
		config.GetCertificate = (&issued{issuer: c.Issuer, now: c.Now, logger: c.Logger}).GetCertificate
		return &TLS{Config: config}, nil
	case c.OwnDir != "":
		cert, err := own(c)
		if err != nil {
			return nil, err
		}
		base.Certificates = []tls.Certificate{cert}
		return &TLS{Config: base, Fingerprint: fingerprint(cert)}, nil
	}
	return nil, errors.New("tls: no certificate is set")
}

// withoutHTTP2 keeps the protocols of an issuer, and http/1.1.
func withoutHTTP2(protocols []string) []string {
	kept := []string{"http/1.1"}
	for _, p := range protocols {
		if p != "h2" && p != "http/1.1" {
			kept = append(kept, p)
		}
	}
	return kept
}

func fingerprint(cert tls.Certificate) string {
	sum := sha256.Sum256(cert.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// ShowFingerprint writes a fingerprint the way browsers show it, in pairs of
// capitals, for people to compare.
func ShowFingerprint(fingerprint string) string {
	var pairs []string
	for s := strings.ToUpper(fingerprint); len(s) >= 2; s = s[2:] {
		pairs = append(pairs, s[:2])
	}
	return strings.Join(pairs, ":")
}

func wrap(what string, err error) error { return fmt.Errorf("tls: %s: %w", what, err) }
