package config

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fileBytesMax bounds a settings file; a longer one is surely another file.
const fileBytesMax = 1 << 20

// File is a settings file: a line "key = value" for each setting, where the
// keys are the flags without their dashes. Lines that start with # and empty
// lines say nothing. A list repeats its key. Values are taken as they stand,
// without the space around them, and without quotes or escapes.
type File struct {
	name   string
	values map[string]entry
}

type entry struct {
	line   int
	values []string
}

// ReadFile reads and parses the file at path.
func ReadFile(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if info.Size() > fileBytesMax {
		return nil, fmt.Errorf("read settings: %s has %d bytes, more than %d", path, info.Size(), fileBytesMax)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return ParseFile(filepath.Base(path), text)
}

// ParseFile parses a settings file. The name stands in its errors, before the
// number of the line.
func ParseFile(name string, text []byte) (*File, error) {
	f := &File{name: name, values: map[string]entry{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, fileBytesMax)
	for n := 1; lines.Scan(); n++ {
		if err := f.add(n, strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func (f *File) add(n int, line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return fmt.Errorf("%q is no setting; a line looks like: listen = 127.0.0.1:3030", line)
	}
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !slices.Contains(Keys(), key) {
		if near, ok := nearest(key, Keys()); ok {
			return fmt.Errorf("there is no setting %q; did you mean %q?", key, near)
		}
		return fmt.Errorf("there is no setting %q; `syncd config` lists them", key)
	}
	if value == "" {
		return fmt.Errorf("%s has no value; leave the line out for the default", key)
	}
	e, again := f.values[key]
	if again && !isList(key) {
		return fmt.Errorf("%s stands in line %d already", key, e.line)
	}
	if !again {
		e.line = n
	}
	e.values = append(e.values, value)
	f.values[key] = e
	return nil
}

func (f *File) lookup(key string) ([]string, Source, bool) {
	e, ok := f.values[key]
	return e.values, Source(fmt.Sprintf("file %s:%d", f.name, e.line)), ok
}
