package tlsconfig

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often files are looked at, at most.
const lookEvery = 5 * time.Second

// files is a certificate in files that somebody else renews.
type files struct {
	// Immutable.
	cert, key string
	now       func() time.Time
	logger    *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate // guarded by mu
	seen    [2]state         // guarded by mu; of both files, when they were last read
	looked  time.Time        // guarded by mu
}

// state tells whether a file was written since.
type state struct {
	size     int64
	modified time.Time
}

func (f *files) first() error {
	f.seen = f.states()
	f.looked = f.now()
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return wrap("read --tls-cert and --tls-key", err)
	}
	f.current = &cert
	return nil
}

// states of files that are not there are zero.
func (f *files) states() (s [2]state) {
	for i, name := range []string{f.cert, f.key} {
		if info, err := os.Stat(name); err == nil {
			s[i] = state{info.Size(), info.ModTime()}
		}
	}
	return s
}

// GetCertificate returns the certificate as it is in the files now. While they
// are being written, and do not fit together, it is the last one that did.
func (f *files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if d := now.Sub(f.looked); d >= 0 && d < lookEvery {
		return f.current, nil
	}
	f.looked = now
	states := f.states()
	if states == f.seen {
		return f.current, nil
	}
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	f.seen = states
	if err != nil {
		f.logger.Warn("the certificate files changed and cannot be used; the certificate from before stays", "err", err)
		return f.current, nil
	}
	f.current = &cert
	f.logger.Info("the certificate files changed and are in use")
	return f.current, nil
}

// CertificateNames returns the names and addresses that the certificate in a file is for, without
// those with a wildcard: nobody knows which of these are meant. None if it cannot be read.
func CertificateNames(file string) (names []string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(data) // the first is the server's own
	if block == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	for _, name := range cert.DNSNames {
		if !strings.Contains(name, "*") {
			names = append(names, strings.ToLower(name))
		}
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
