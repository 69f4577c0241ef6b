package tlsconfig_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/tlsconfig"
)

// seen connects and returns the fingerprint of what the server shows.
func seen(t *testing.T, config *tls.Config) string {
	t.Helper()
	lis, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	go func() {
		if conn, err := lis.Accept(); err == nil {
			_ = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	conn, err := tls.Dial("tcp", lis.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	state := conn.ConnectionState()
	if state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("speaks %q", state.NegotiatedProtocol)
	}
	sum := sha256.Sum256(state.PeerCertificates[0].Raw)
	return hex.EncodeToString(sum[:])
}

func ownIn(t *testing.T, dir string) *tlsconfig.TLS {
	t.Helper()
	c, err := tlsconfig.New(tlsconfig.Config{OwnDir: dir, Names: []string{"tavle.local", "192.0.2.7"}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheOwnCertificateStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := ownIn(t, dir)
	if got := seen(t, first.Config); got != first.Fingerprint || len(got) != 64 {
		t.Errorf("shows %s, said %s", got, first.Fingerprint)
	}
	if second := ownIn(t, dir); second.Fingerprint != first.Fingerprint {
		t.Error("a second start made another certificate")
	}
	leaf := first.Config.Certificates[0].Leaf
	for _, name := range []string{"tavle.local", "192.0.2.7", "localhost", "127.0.0.1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if leaf.IsCA {
		t.Error("whoever trusts it would trust whatever it signs")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v %v", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the key: %v %v", info.Mode(), err)
	}
	if show := tlsconfig.ShowFingerprint("00ff1a"); show != "00:FF:1A" {
		t.Error(show)
	}
}

func TestADamagedOwnCertificateIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lan.pem")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := tlsconfig.New(tlsconfig.Config{OwnDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("got %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "x" {
		t.Error("the file was replaced")
	}
}

func TestCertificateFilesThatChange(t *testing.T) {
	b := t.TempDir()
	dirA, dirB := filepath.Join(t.TempDir(), "x"), filepath.Join(t.TempDir(), "y")
	a, second := ownIn(t, dirA), ownIn(t, dirB)
	path := filepath.Join(b, "cert.pem")
	install := func(from string, at time.Time) {
		t.Helper()
		text := []byte(from)
		if from != "garbage" {
			var err error
			if text, err = os.ReadFile(filepath.Join(from, "lan.pem")); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	install(dirA, now)
	var log bytes.Buffer
	c, err := tlsconfig.New(tlsconfig.Config{CertFile: path, KeyFile: path, Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, want string) {
		t.Helper()
		if got := seen(t, c.Config); got != want {
			t.Errorf("%s: shows %s, want %s", what, got, want)
		}
	}
	check("at first", a.Fingerprint)
	install("garbage", now.Add(time.Second))
	now = now.Add(time.Minute)
	check("half written", a.Fingerprint)
	install(dirB, now)
	now = now.Add(time.Minute)
	check("renewed", second.Fingerprint)
	if !strings.Contains(log.String(), "cannot be used") || strings.Contains(log.String(), "BEGIN") {
		t.Errorf("log %s", log.String())
	}
	if c.Fingerprint != "" {
		t.Error("a certificate that others vouch for has a fingerprint to pin")
	}
	if _, err := tlsconfig.New(tlsconfig.Config{CertFile: filepath.Join(b, "none"), KeyFile: path, Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// issuer is one that has its certificate already.
type issuer struct{ cert tls.Certificate }

func (i issuer) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &i.cert, nil }
func (i issuer) TLSConfig() *tls.Config {
	return &tls.Config{NextProtos: []string{"h2", "http/1.1", "acme-tls/1"}}
}
func (i issuer) HTTPHandler(h http.Handler) http.Handler { return h }

func TestAnIssuerKeepsItsProtocol(t *testing.T) {
	ours := ownIn(t, t.TempDir())
	c, err := tlsconfig.New(tlsconfig.Config{Issuer: issuer{ours.Config.Certificates[0]}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Config.NextProtos, " "); got != "http/1.1 acme-tls/1" {
		t.Errorf("protocols %s", got)
	}
	if seen(t, c.Config) != ours.Fingerprint {
		t.Error("another certificate")
	}
}

// An issuer tries to renew and says nothing when it cannot. Whoever reads the
// log hears of it before the certificate has expired, and once a day.
func TestARenewalThatIsOverdueIsSaid(t *testing.T) {
	ours := ownIn(t, t.TempDir()).Config.Certificates[0]
	var log bytes.Buffer
	left := 8 * 365 * 24 * time.Hour
	c, err := tlsconfig.New(tlsconfig.Config{
		Issuer: issuer{ours}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Now: func() time.Time { return ours.Leaf.NotAfter.Add(-left) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		left  time.Duration
		lines int
	}{
		{8 * 365 * 24 * time.Hour, 0}, {365 * 24 * time.Hour, 1}, {365*24*time.Hour - time.Hour, 1}, {364 * 24 * time.Hour, 2}, {-time.Hour, 3},
	} {
		left = step.left
		if _, err := c.Config.GetCertificate(nil); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "should have been renewed"); got != step.lines {
			t.Errorf("with %v left: said %d times, want %d", left, got, step.lines)
		}
	}
}

func TestOnlyModernTLS(t *testing.T) {
	c := ownIn(t, t.TempDir())
	lis, err := tls.Listen("tcp", "127.0.0.1:0", c.Config)
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	go func() {
		conn, err := lis.Accept()
		if err == nil {
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	raw, err := net.Dial("tcp", lis.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	old := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := old.Handshake(); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}
