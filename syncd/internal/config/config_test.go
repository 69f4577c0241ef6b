package config_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/config"
)

func TestKeysAreFlags(t *testing.T) {
	got := strings.Join(config.Keys(), " ")
	want := "data listen admin-listen open demo i-know-this-is-public public-url tls-cert tls-key acme acme-directory lan behind-proxy origin host board connections-max free-min log-level log-format"
	if got != want {
		t.Errorf("keys\n got %s\nwant %s", got, want)
	}
}

func TestLookup(t *testing.T) {
	file, err := config.ParseFile("tavle.conf", []byte(`
# where clients come from
listen   =  127.0.0.1:4000
origin = https://a.example
origin = https://b.example
data = /srv/a=b # c
`))
	if err != nil {
		t.Fatal(err)
	}
	layers := config.Layers{File: file, Env: config.Environ([]string{
		"TAVLE_LISTEN=127.0.0.1:5000", "TAVLE_HOST=a.example, b.example,", "TAVLE_OPEN=", "LISTEN=x", "TAVLE_I_KNOW_THIS_IS_PUBLIC=true",
	})}
	for _, c := range []struct{ key, want, from string }{
		{"listen", "127.0.0.1:5000", "env TAVLE_LISTEN"},
		{"origin", "https://a.example|https://b.example", "file tavle.conf:4"},
		{"data", "/srv/a=b # c", "file tavle.conf:6"},
		{"host", "a.example|b.example", "env TAVLE_HOST"},
		{"i-know-this-is-public", "true", "env TAVLE_I_KNOW_THIS_IS_PUBLIC"},
		{"open", "", ""},
		{"log-level", "", ""},
	} {
		values, from, ok := layers.Lookup(c.key)
		if got := strings.Join(values, "|"); got != c.want || ok != (c.from != "") || (ok && string(from) != c.from) {
			t.Errorf("%s: got %q from %q (%v), want %q from %q", c.key, got, from, ok, c.want, c.from)
		}
	}
}

func TestFileErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"\nlisen = x":             `tavle.conf:2: there is no setting "lisen"; did you mean "listen"?`,
		"zebra = x":               `tavle.conf:1: there is no setting "zebra"; ` + "`syncd config` lists them",
		"config = other":          `tavle.conf:1: there is no setting "config"; ` + "`syncd config` lists them",
		"listen = a\n\nlisten= b": `tavle.conf:3: listen stands in line 1 already`,
		"listen":                  `tavle.conf:1: "listen" is no setting; a line looks like: listen = 127.0.0.1:3030`,
		"listen =":                `tavle.conf:1: listen has no value; leave the line out for the default`,
	} {
		if _, err := config.ParseFile("tavle.conf", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestStrays(t *testing.T) {
	got := config.Layers{Env: map[string]string{"TAVLE_LISTN": "x", "TAVLE_SYNCD": "x", "TAVLE_DATA": "x", "TAVLE_CONFIG": "x"}}.Strays()
	want := []string{"TAVLE_LISTN is set but is no setting; did you mean TAVLE_LISTEN?"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCheck(t *testing.T) {
	ok := config.Config{Listen: "127.0.0.1:3030", AdminListen: config.Off, Open: true, ConnectionsMax: 1}
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		want   string // part of the error; empty for none
	}{
		{"as it is", func(c *config.Config) {}, ""},
		{"members only", func(c *config.Config) { c.Open = false }, ""},
		{"members only, all addresses", func(c *config.Config) { c.Open = false; c.Listen = ":3030" }, "add --lan, --tls-cert and --tls-key, --acme, or --behind-proxy"},
		{"members only, confirmed", func(c *config.Config) { c.Open = false; c.Listen = ":3030"; c.Public = true }, ""},
		{"own certificate", func(c *config.Config) { c.Open = false; c.Listen = ":3030"; c.LAN = true }, ""},
		{"certificate files", func(c *config.Config) { c.Open = false; c.Listen = ":443"; c.TLSCert, c.TLSKey = "a", "b" }, ""},
		{"certificate without its key", func(c *config.Config) { c.TLSCert = "a" }, "give both"},
		{"two certificates", func(c *config.Config) { c.TLSCert, c.TLSKey, c.LAN = "a", "b", true }, "--tls-cert and --lan: there is one certificate"},
		{"a domain", func(c *config.Config) { c.Open = false; c.Listen = ":443"; c.ACME = "board.example" }, ""},
		{"no domain", func(c *config.Config) { c.ACME = "https://board.example" }, "--acme https://board.example:"},
		{"an issuer of its own", func(c *config.Config) { c.ACME, c.ACMEDir = "board.example", "https://ca.example/dir" }, ""},
		{"an issuer for no domain", func(c *config.Config) { c.ACMEDir = "https://ca.example/dir" }, "--acme-directory is for --acme"},
		{"an issuer by http", func(c *config.Config) { c.ACME, c.ACMEDir = "board.example", "http://ca.example/dir" }, "--acme-directory http://ca.example/dir:"},
		{"a domain of digits", func(c *config.Config) { c.ACME = "192.0.2.1" }, "--acme 192.0.2.1:"},
		{"a proxy", func(c *config.Config) {
			c.Open, c.Listen, c.BehindProxy, c.PublicURL = false, ":3030", []string{"10.0.0.1", "fd00::/8"}, "https://board.example"
		}, ""},
		{"a proxy without a name", func(c *config.Config) { c.BehindProxy = []string{"10.0.0.1"} }, "needs --public-url"},
		{"everybody is the proxy", func(c *config.Config) { c.BehindProxy = []string{"0.0.0.0/0"} }, "that is everybody"},
		{"no proxy", func(c *config.Config) { c.BehindProxy = []string{"proxy"} }, "--behind-proxy proxy:"},
		{"open demo", func(c *config.Config) { c.Demo = true }, "leave one of them out"},
		{"demo", func(c *config.Config) { c.Open, c.Demo = false, true }, ""},
		{"demo for all", func(c *config.Config) { c.Open, c.Demo, c.Listen, c.LAN = false, true, ":3030", true }, "--demo on :3030"},
		{"demo behind a proxy", func(c *config.Config) {
			c.Open, c.Demo, c.BehindProxy, c.PublicURL = false, true, []string{"127.0.0.1"}, "https://a.example"
		}, "--demo behind a proxy"},
		{"public address", func(c *config.Config) { c.PublicURL = "https://board.example:8443" }, ""},
		{"public address with a path", func(c *config.Config) { c.PublicURL = "https://board.example/x" }, "--public-url https://board.example/x:"},
		{"public address without a scheme", func(c *config.Config) { c.PublicURL = "board.example" }, "--public-url board.example:"},
		{"all addresses", func(c *config.Config) { c.Listen = ":3030" }, "add --i-know-this-is-public"},
		{"all addresses, confirmed", func(c *config.Config) { c.Listen = ":3030"; c.Public = true }, ""},
		{"another address", func(c *config.Config) { c.Listen = "192.0.2.1:0" }, "add --i-know-this-is-public"},
		{"a name", func(c *config.Config) { c.Listen = "kiosk.local:80" }, "add --i-know-this-is-public"},
		{"mapped address", func(c *config.Config) { c.Listen = "[::ffff:192.0.2.1]:0" }, "add --i-know-this-is-public"},
		{"IPv6 loopback", func(c *config.Config) { c.Listen = "[::1]:0" }, ""},
		{"localhost", func(c *config.Config) { c.Listen = "localhost:http" }, ""},
		{"no port", func(c *config.Config) { c.Listen = "127.0.0.1" }, "--listen 127.0.0.1: an address looks like"},
		{"port too high", func(c *config.Config) { c.Listen = "127.0.0.1:99999" }, "is no port"},
		{"bad admin", func(c *config.Config) { c.AdminListen = "no" }, "--admin-listen no:"},
		{"any origin", func(c *config.Config) { c.Origins = []string{"*", "https://a.example:8443"} }, ""},
		{"origin with a path", func(c *config.Config) { c.Origins = []string{"https://a.example/"} }, "--origin https://a.example/:"},
		{"origin without a scheme", func(c *config.Config) { c.Origins = []string{"a.example"} }, "--origin a.example:"},
		{"host with a port", func(c *config.Config) { c.Hosts = []string{"a.example:1"} }, "--host a.example:1:"},
		{"host of digits", func(c *config.Config) { c.Hosts = []string{"2001:db8::1", "a.example"} }, ""},
		{"no connections", func(c *config.Config) { c.ConnectionsMax = 0 }, "--connections-max 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := ok
			c.change(&changed)
			err := changed.Check()
			if (err != nil) != (c.want != "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]string{
		"256MiB": "256MiB", "1024": "1KiB", "1GB": "1000000000", " 3 kB ": "3000", "0": "0", "7B": "7", "1536MiB": "1536MiB",
	} {
		var b config.Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b.String() != want {
			t.Errorf("%q: got %s, %v, want %s", text, b, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5GB", "1XB", "9999999TiB", "99999999999999999999"} {
		var b config.Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, b)
		}
	}
}

func TestWhatLinksBeginWith(t *testing.T) {
	for _, c := range []struct {
		access config.Access
		addr   string
		want   string
		secure bool
	}{
		{config.Access{}, "127.0.0.1:3030", "http://127.0.0.1:3030", false},
		{config.Access{}, "localhost:80", "http://localhost", false},
		{config.Access{LAN: true}, "192.168.1.7:3030", "https://192.168.1.7:3030", true},
		{config.Access{LAN: true}, "[2001:db8::1]:443", "https://[2001:db8::1]", true},
		{config.Access{ACME: "board.example"}, "[::]:443", "https://board.example", true},
		{config.Access{PublicURL: "https://board.example/"}, "127.0.0.1:3030", "https://board.example", true},
		{config.Access{PublicURL: "http://kiosk:3030"}, "127.0.0.1:3030", "http://kiosk:3030", false},
	} {
		if got := c.access.Base(c.addr); got != c.want || c.access.Secure() != c.secure {
			t.Errorf("%+v at %s: %s, secure %v", c.access, c.addr, got, c.access.Secure())
		}
	}
}

func TestNamesOfTheServer(t *testing.T) {
	c := config.Config{Hosts: []string{"b.example", "a.example"}}
	c.PublicURL, c.ACME = "https://a.example:8443", "c.example"
	if got, want := c.Names(), []string{"a.example", "b.example", "c.example"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&config.Config{}).Names(); len(got) != 0 {
		t.Errorf("got %q of nothing", got)
	}
}

func TestDefaultsAreThoseOfTheFlags(t *testing.T) {
	of := func(s any, field string) string {
		f, _ := reflect.TypeOf(s).FieldByName(field)
		return f.Tag.Get("default")
	}
	if got := of(config.Store{}, "Data"); got != config.DataDefault {
		t.Errorf("data is %s by default", got)
	}
	if got := of(config.Config{}, "ConnectionsMax"); got != strconv.Itoa(config.ConnectionsDefault) {
		t.Errorf("there are %s connections by default", got)
	}
}
