package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// acmeName is a name that nobody has, RFC 6761.
	acmeName = "board.test"
	// pebble is the test issuer of Let's Encrypt, at a version that was tried.
	pebble = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"
	// pebbleDNS tells it where names are: on loopback, all of them.
	pebbleDNS = "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@v2.10.1"
	// pebbleValid is how long its certificates are valid, in seconds. They are
	// renewed when a third of it is left.
	pebbleValid = 15
)

// certificate makes one that vouches for itself, for the name of the board and
// for loopback.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: acmeName}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 3, 0),
		DNSNames: []string{acmeName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text})
}

func write(t *testing.T, path string, parts ...[]byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// free is a port that nobody listened on just now.
func free(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	return lis.Addr().String()
}

// visit reads a page and opens a websocket at addr as a browser would that
// trusts the roots, and returns the certificate that it was shown.
func visit(addr string, roots *x509.CertPool) (*x509.Certificate, error) {
	secured := &tls.Config{RootCAs: roots}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dial, TLSClientConfig: secured, DisableKeepAlives: true}}
	res, err := client.Get("https://" + acmeName + "/healthz")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("health %d %q, %w", res.StatusCode, body, err)
	}
	ws := websocket.Dialer{NetDialContext: dial, TLSClientConfig: secured, HandshakeTimeout: patience}
	conn, _, err := ws.Dial("wss://"+acmeName+"/sync", nil)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	defer conn.Close()
	return res.TLS.PeerCertificates[0], nil
}

// An issuer that cannot be reached keeps nobody from a server that has its
// certificate, not even when it starts again.
func TestACertificateOutlivesItsIssuer(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t)
	write(t, filepath.Join(dir, "acme", acmeName), key, cert)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	d := launch(t, dir, "--open", "--acme", acmeName, "--acme-directory", "https://"+free(t)+"/dir")
	if _, err := visit(d.addr, roots); err != nil {
		t.Errorf("%v\n%s", err, &d.stderr)
	}
}

// issuer is a Pebble that asks the server at syncd's address for its proof.
type issuer struct {
	directory string
	roots     *x509.CertPool // what its certificates lead to
	stop      func()
}

// background runs a program until the test or stop ends it.
func background(t *testing.T, c *exec.Cmd) (stop func()) {
	t.Helper()
	var out log
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s said\n%s", filepath.Base(c.Path), &out)
		}
	})
	return stop
}

// until repeats what fails, as long as patience lasts.
func until(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

func newIssuer(t *testing.T, dir, root, key, prover string) *issuer {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	for _, tool := range []string{pebble, pebbleDNS} {
		install := exec.Command("go", "install", tool)
		install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("install %s: %v\n%s", tool, err, out)
		}
	}
	listen, manage, names := free(t), free(t), free(t)
	_, port, _ := net.SplitHostPort(prover)
	settings := write(t, filepath.Join(dir, "pebble.json"), fmt.Appendf(nil, `{"pebble": {
		"listenAddress": %q, "managementListenAddress": %q, "certificate": %q, "privateKey": %q, "httpPort": 1, "tlsPort": %s,
		"keyAlgorithm": "ecdsa", "profiles": {"default": {"description": "short", "validityPeriod": %d}}}}`, listen, manage, root, key, port, pebbleValid))
	background(t, exec.Command(filepath.Join(bin, "pebble-challtestsrv"), "-http01=", "-https01=", "-doh=", "-tlsalpn01=",
		"-management="+free(t), "-dnsserver="+names, "-defaultIPv6="))
	run := exec.Command(filepath.Join(bin, "pebble"), "-strict", "-config", settings, "-dnsserver", names)
	run.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	is := &issuer{directory: "https://" + listen + "/dir", roots: x509.NewCertPool(), stop: background(t, run)}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	until(t, "the root of the issuer", func() error {
		res, err := client.Get("https://" + manage + "/roots/0")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err == nil && !is.roots.AppendCertsFromPEM(text) {
			err = fmt.Errorf("no certificate: %q", text)
		}
		return err
	})
	return is
}

// The whole way with the program that Let's Encrypt tests its clients with: a
// certificate is got, renewed, and kept when the issuer is gone.
func TestPebble(t *testing.T) {
	if os.Getenv("TAVLE_PEBBLE") == "" {
		t.Skip("set TAVLE_PEBBLE=1: this gets Pebble from the Go module proxy")
	}
	dir, data := t.TempDir(), t.TempDir()
	cert, key := certificate(t)
	root, rootKey := write(t, filepath.Join(dir, "root.pem"), cert), write(t, filepath.Join(dir, "root-key.pem"), key)
	t.Setenv("SSL_CERT_FILE", root)

	addr := free(t)
	is := newIssuer(t, dir, root, rootKey, addr)
	serve := func() *daemon {
		return launch(t, data, "--open", "--listen", addr, "--acme", acmeName, "--acme-directory", is.directory)
	}
	d := serve()
	first, err := visit(addr, is.roots)
	if err != nil {
		t.Fatalf("the first visit: %v\n%s", err, &d.stderr)
	}
	if !strings.HasPrefix(first.Issuer.CommonName, "Pebble") {
		t.Errorf("the certificate is from %s", first.Issuer)
	}
	var renewed *x509.Certificate
	until(t, "a renewal", func() error {
		if renewed, err = visit(addr, is.roots); err == nil && renewed.Equal(first) {
			err = fmt.Errorf("still the one until %s", first.NotAfter)
		}
		return err
	})
	is.stop()
	if got, err := visit(addr, is.roots); err != nil || !got.Equal(renewed) {
		t.Errorf("without the issuer: %v", err)
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	d.wait()
	serve()
	if got, err := visit(addr, is.roots); err != nil || !got.Equal(renewed) {
		t.Errorf("without the issuer, after a restart: %v", err)
	}
}
