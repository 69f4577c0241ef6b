package tlsconfig

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// ownFile holds the own certificate and its key.
	ownFile = "lan.pem"
	// ownYears is how long it is valid. It is trusted for its fingerprint, and a
	// new one would shut out every device that knows the old.
	ownYears   = 20
	ownNameMax = 64
)

// ownSince is long ago, since the clock of a small box may be wrong when it
// starts.
var ownSince = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// own returns the certificate of the data directory. It is made when there is
// none, and never again: not for other names, and not when it cannot be read.
func own(c Config) (tls.Certificate, error) {
	path := filepath.Join(c.OwnDir, ownFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = makeOwn(c); err != nil {
			return tls.Certificate{}, wrap("make an own certificate", err)
		}
		if err := writeOnce(path, text); err != nil {
			return tls.Certificate{}, wrap("keep the own certificate", err)
		}
	}
	if err != nil {
		return tls.Certificate{}, wrap("read the own certificate", err)
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return tls.Certificate{}, wrap(path+" is damaged; restore it from a backup, or remove it and invite every device again", err)
	}
	if now := c.Now(); now.After(cert.Leaf.NotAfter) {
		c.Logger.Warn("the own certificate has expired; when it is removed a new one is made, and every device has to be invited again", "file", path)
	}
	return cert, nil
}

func makeOwn(c Config) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Tavle"},
		NotBefore: ownSince, NotAfter: c.Now().AddDate(ownYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range append(slices.Clone(c.Names), LocalNames()...) {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: private}) // to memory
	return out.Bytes(), nil
}

// LocalNames are the names and addresses by which this machine may be known on
// its network: localhost, its name, with .local as well, and its addresses.
func LocalNames() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && host != "" && len(host) <= ownNameMax && host != "localhost" {
		names = append(names, host)
		if filepath.Ext(host) == "" {
			names = append(names, host+".local")
		}
	}
	return append(names, LocalAddresses()...)
}

// LocalAddresses are the addresses of this machine that others can reach, those
// of version 4 first.
func LocalAddresses() []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var four, six []string
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() {
			continue
		}
		if n.IP.To4() != nil {
			four = append(four, n.IP.String())
		} else {
			six = append(six, n.IP.String())
		}
	}
	return append(four, six...)
}

// writeOnce writes a file that only its owner reads, whole or not at all.
func writeOnce(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
