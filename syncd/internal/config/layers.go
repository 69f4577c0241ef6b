package config

import (
	"slices"
	"strings"
)

// Source says where a value came from, in words for people.
type Source string

// FromDefault and FromFlag are the first and the last source. Those between
// name their place: "file tavle.conf:3", "env TAVLE_LISTEN".
const (
	FromDefault Source = "default"
	FromFlag    Source = "flag"
)

// EnvPrefix starts the name of every variable that is a setting.
const EnvPrefix = "TAVLE_"

// FileKey is the setting that names the file. It can be a flag or a variable,
// and not stand in the file.
const FileKey = "config"

// Layers are the sources between the defaults and the flags. The zero value
// has neither.
type Layers struct {
	File *File             // nil when there is none
	Env  map[string]string // as from Environ
}

// Environ makes a map of the variables in the form of os.Environ that start
// with EnvPrefix.
func Environ(environ []string) map[string]string {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, EnvPrefix) {
			env[name] = value
		}
	}
	return env
}

// EnvName is the variable of a setting: listen has TAVLE_LISTEN.
func EnvName(key string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// Lookup returns what the environment says about a setting, or else what the
// file says. Only a setting that is a list has more than one value; in a variable
// they stand between commas. An empty variable, and one of commas and blanks for a
// list, says nothing.
func (l Layers) Lookup(key string) (values []string, from Source, ok bool) {
	if v := l.Env[EnvName(key)]; v != "" {
		values = []string{v}
		if isList(key) {
			values = splitList(v)
		}
		if len(values) > 0 {
			return values, Source("env " + EnvName(key)), true
		}
	}
	if l.File != nil {
		return l.File.lookup(key)
	}
	return nil, "", false
}

func splitList(s string) (values []string) {
	for v := range strings.SplitSeq(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

// Strays returns a sentence for each variable that looks like a misspelt
// setting, sorted. Variables that resemble none are somebody else's.
func (l Layers) Strays() (sentences []string) {
	known := append(Keys(), FileKey)
	for name := range l.Env {
		key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, EnvPrefix), "_", "-"))
		if slices.Contains(known, key) {
			continue
		}
		if near, ok := nearest(key, known); ok {
			sentences = append(sentences, name+" is set but is no setting; did you mean "+EnvName(near)+"?")
		}
	}
	slices.Sort(sentences)
	return sentences
}

// nearest returns the known name with the fewest edits to s, when these are
// few enough for a slip of the keyboard.
func nearest(s string, known []string) (best string, ok bool) {
	editsMax := 1 + len(s)/4
	least := editsMax + 1
	for _, k := range known {
		if d := edits(s, k); d < least {
			best, least = k, d
		}
	}
	return best, least <= editsMax
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
