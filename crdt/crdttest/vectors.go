package crdttest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// Vector is a document in a file of crdt/testdata/histories, as JavaScript sees
// it; README.md there describes the fields.
type Vector struct {
	Name    string   `json:"-"` // of the file, without its ending
	Says    string   `json:"says"`
	Heads   []string `json:"heads"`
	Value   any      `json:"value"`
	Changes [][]byte `json:"changes"`
	Saved   []byte   `json:"saved"`
}

// ReadVectors reads every file in the folder.
func ReadVectors(folder string) ([]Vector, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var vectors []Vector
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v := Vector{Name: strings.TrimSuffix(filepath.Base(name), ".json")}
		if err := json.Unmarshal(data, &v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// HeadHashes parses the heads.
func (v Vector) HeadHashes() ([]id.ChangeHash, error) {
	heads := make([]id.ChangeHash, len(v.Heads))
	for i, s := range v.Heads {
		var err error
		if heads[i], err = id.ParseChangeHash(s); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// Tagged turns a value as Document.Value holds it into what a Vector's value
// is: numbers are float64, and what JSON has no type for is {"$type": …}.
func Tagged(v any) any {
	switch v := v.(type) {
	case core.Counter:
		return map[string]any{"$counter": float64(v)}
	case time.Time:
		return map[string]any{"$time": float64(v.UnixMilli())}
	case []byte:
		return map[string]any{"$bytes": base64.StdEncoding.EncodeToString(v)}
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Tagged(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = Tagged(v[k])
		}
		return out
	}
	return v
}
