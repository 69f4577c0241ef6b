package api

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Records of the store that are the server's, not the registry's.
const (
	secretKey = "server/secret"
	serverKey = "server/address"
)

// OpenSecret returns the secret of a store. The first call makes it. A secret of
// the wrong size is an error, and not replaced: it would sign every device out.
func OpenSecret(s store.Store) (secret auth.Secret, err error) {
	value, err := record(s, secretKey)
	switch {
	case err != nil:
		return secret, fmt.Errorf("read the server's secret: %w", err)
	case value == nil:
		return ReplaceSecret(s)
	case len(value) != len(secret):
		return secret, fmt.Errorf("the server's secret is damaged: it has %d bytes, not %d", len(value), len(secret))
	}
	return auth.Secret(value), nil
}

// ReplaceSecret makes another secret, with which every session and ticket ends.
// No server may have the store open.
func ReplaceSecret(s store.Store) (secret auth.Secret, err error) {
	rand.Read(secret[:]) // never fails
	if err := s.PutRecords([]store.Record{{Key: []byte(secretKey), Value: secret[:]}}); err != nil {
		return auth.Secret{}, fmt.Errorf("keep the server's secret: %w", err)
	}
	return secret, nil
}

// RememberServer keeps how people reach the server, for commands that run while
// it does not.
func RememberServer(s store.Store, server Server) error {
	was, err := RecallServer(s)
	if err == nil && was == server {
		return nil
	}
	text, err := json.Marshal(server)
	if err != nil {
		return fmt.Errorf("remember the server's address: %w", err)
	}
	if err := s.PutRecords([]store.Record{{Key: []byte(serverKey), Value: text}}); err != nil {
		return fmt.Errorf("remember the server's address: %w", err)
	}
	return nil
}

// RecallServer returns what was remembered last; a zero Server for nothing.
func RecallServer(s store.Store) (server Server, err error) {
	value, err := record(s, serverKey)
	if err == nil && value != nil {
		err = json.Unmarshal(value, &server)
	}
	if err != nil {
		return Server{}, fmt.Errorf("recall the server's address: %w", err)
	}
	return server, nil
}

func record(s store.Store, key string) (value []byte, err error) {
	err = s.Records([]byte(key), func(k, v []byte) error {
		if string(k) == key {
			value = append([]byte{}, v...)
		}
		return nil
	})
	return value, err
}
