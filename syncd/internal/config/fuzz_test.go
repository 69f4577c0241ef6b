package config_test

import (
	"strings"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/config"
)

// Whatever a file says, it is read or refused with the line; and what is read
// is what stands there.
func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{
		"", "# remark\n\nlisten = 127.0.0.1:3030\r\n", "origin = a\norigin = b\n", "lisen = x", "data = a = b", "=", "\x00 = \x00",
		"listen=x\nlisten=y", strings.Repeat("x", 1000) + " = y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := config.ParseFile("f", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("%q is refused without a place: %v", text, err)
			}
			return
		}
		for _, key := range config.Keys() {
			values, from, ok := config.Layers{File: file}.Lookup(key)
			if ok != (len(values) > 0) || ok && !strings.HasPrefix(string(from), "file f:") {
				t.Errorf("%q: %s is %q from %q", text, key, values, from)
			}
			for _, v := range values {
				if v == "" || v != strings.TrimSpace(v) || !strings.Contains(text, v) {
					t.Errorf("%q: %s is %q", text, key, v)
				}
			}
		}
	})
}
