package tlsconfig

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"time"
)

const (
	// overdue is the part of a certificate's time within which it is not renewed
	// in time: issuers begin when a third is left, and try again every hour.
	overdue = 6
	// overdueEvery is how often that is said, at most.
	overdueEvery = 24 * time.Hour
)

// issued tells when an issuer, which tries again without a word, is about to
// let a certificate expire.
type issued struct {
	// Immutable.
	issuer Issuer
	now    func() time.Time
	logger *slog.Logger

	mu   sync.Mutex
	told time.Time // guarded by mu
}

// GetCertificate returns the certificate of the issuer.
func (i *issued) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	cert, err := i.issuer.GetCertificate(hello)
	if err != nil || cert.Leaf == nil {
		return cert, err
	}
	now := i.now()
	if left := cert.Leaf.NotAfter.Sub(now); left > cert.Leaf.NotAfter.Sub(cert.Leaf.NotBefore)/overdue {
		return cert, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if d := now.Sub(i.told); d < 0 || d >= overdueEvery {
		i.told = now
		i.logger.Warn("the certificate should have been renewed by now, and has not been; can this machine reach the issuer, and the issuer port 443 here?",
			"until", cert.Leaf.NotAfter)
	}
	return cert, nil
}
