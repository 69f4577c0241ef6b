// Package config holds the settings of syncd and where each of them came
// from: a default, the settings file, the environment or a flag, the later
// ones winning.
//
// It reads the file and the environment it is given and checks that the
// settings fit together. It opens no socket, no store and no certificate, and
// it holds no secrets: those are made at the first start and kept in the store.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"

	"github.com/tavle-org/tavle/crdt/id"
)

// Off is the value of AdminListen that starts no admin listener.
const Off = "off"

// Defaults that others have to know.
const (
	DataDefault        = "tavle-data" // of Store.Data
	ConnectionsDefault = 10_000       // of Config.ConnectionsMax
)

// Store says where the documents are. The tags are read by kong, which makes a
// flag of each field, and by Keys.
type Store struct {
	Data string `name:"data" default:"tavle-data" placeholder:"DIR" help:"Directory of the store (default: ${default})."`
}

// Log says what is logged, to standard error.
type Log struct {
	LogLevel  string `name:"log-level" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"Log from this level on: debug, info, warn or error (default: ${default})."`
	LogFormat string `name:"log-format" default:"text" enum:"text,json" placeholder:"FORMAT" help:"Log as text or json (default: ${default})."`
}

// Config is every setting of a serving syncd.
type Config struct {
	Store `embed:""`

	Listen      string `name:"listen" default:"127.0.0.1:3030" placeholder:"ADDR" help:"Address for sync clients; port 0 takes a free one (default: ${default})."`
	AdminListen string `name:"admin-listen" default:"127.0.0.1:3031" placeholder:"ADDR" help:"Address for metrics and health, or 'off' (default: ${default})."`

	Open   bool `name:"open" help:"Let everyone who can reach syncd read and change every document. There are no boards and no members then."`
	Demo   bool `name:"demo" help:"Serve a demo board besides, which everyone on this machine may join."`
	Public bool `name:"i-know-this-is-public" help:"Confirm --open, or serving without TLS, on an address that others can reach."`

	Access `embed:""`

	Origins []string `name:"origin" placeholder:"URL" help:"Web origin whose pages may connect, besides the server's own and, on loopback, local ones. Repeatable; '*' is all."`
	Hosts   []string `name:"host" placeholder:"NAME" help:"Name under which clients reach this server; others are refused. Repeatable. On loopback, local names always work."`

	Board string `name:"board" placeholder:"URL" help:"Board that the web app opens on a device that knows none (default: the demo board, if it is there)."`

	ConnectionsMax int   `name:"connections-max" default:"10000" placeholder:"N" help:"Clients connected at once, at most (default: ${default})."`
	FreeMin        Bytes `name:"free-min" default:"256MiB" placeholder:"SIZE" help:"Free disk space below which the store is read-only (default: ${default})."`

	Log `embed:""`
}

// Keys returns the name of every setting, in the order of Config's fields.
// They are the flags without their dashes and the keys of the file.
func Keys() []string {
	var keys []string
	walk(reflect.TypeFor[Config](), func(f reflect.StructField) {
		keys = append(keys, f.Tag.Get("name"))
	})
	return keys
}

// isList tells whether a setting may be given several times.
func isList(key string) (list bool) {
	walk(reflect.TypeFor[Config](), func(f reflect.StructField) {
		if f.Tag.Get("name") == key {
			list = f.Type.Kind() == reflect.Slice
		}
	})
	return list
}

func walk(t reflect.Type, visit func(reflect.StructField)) {
	for f := range t.Fields() {
		if f.Anonymous {
			walk(f.Type, visit)
			continue
		}
		visit(f)
	}
}

// Check reports the first thing that keeps these settings from being served,
// in a sentence that says what to do about it.
func (c *Config) Check() error {
	local, err := Loopback(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	if err := c.checkAccess(local); err != nil {
		return err
	}
	if c.AdminListen != Off {
		if _, err := Loopback(c.AdminListen); err != nil {
			return fmt.Errorf("--admin-listen %s: %w", c.AdminListen, err)
		}
	}
	for _, o := range c.Origins {
		if err := checkOrigin(o); err != nil {
			return fmt.Errorf("--origin %s: %w", o, err)
		}
	}
	for _, h := range c.Hosts {
		if strings.ContainsAny(h, ":/") && !isIP(h) {
			return fmt.Errorf("--host %s: give the name alone, without a scheme or port", h)
		}
	}
	if _, err := c.BoardID(); err != nil {
		return fmt.Errorf("--board: %w", err)
	}
	if c.ConnectionsMax < 1 {
		return fmt.Errorf("--connections-max %d: must be at least 1", c.ConnectionsMax)
	}
	return nil
}

// BoardID is the document of Board; nil when none is set.
func (c *Config) BoardID() (*id.Document, error) {
	if c.Board == "" {
		return nil, nil
	}
	doc, err := id.ParseDocumentURL(c.Board)
	if err != nil {
		return nil, err
	}
	return &doc, nil
}

// Loopback tells whether only this machine can reach a listener on addr, which
// is HOST:PORT. Of names it knows localhost alone; every other name counts as
// reachable, and so does an empty host, which is all addresses.
func Loopback(addr string) (bool, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false, errors.New("an address looks like 127.0.0.1:3030")
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n < 0 {
		return false, fmt.Errorf("%q is no port; an address looks like 127.0.0.1:3030", port)
	}
	return LocalHost(host), nil
}

// LocalHost tells whether a host without its port names this machine only.
func LocalHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// Value is a setting in words: what it is called and what it is set to. An
// empty list is a dash.
type Value struct {
	Key, Text string
}

// Values returns every setting, in the order of Keys.
func (c *Config) Values() []Value {
	var values []Value
	all := reflect.ValueOf(*c)
	walk(all.Type(), func(f reflect.StructField) {
		v := all.FieldByName(f.Name).Interface()
		text := fmt.Sprint(v)
		if list, ok := v.([]string); ok {
			text = strings.Join(list, ", ")
		}
		if text == "" {
			text = "-"
		}
		values = append(values, Value{f.Tag.Get("name"), text})
	})
	return values
}
