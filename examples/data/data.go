// Package data holds the posts of a neighbourhood that does not exist, which fill
// the demo board, the examples and the tests; README.md says what is in them.
package data

import _ "embed"

// Posts is posts.json. It must not be written to.
//
//go:embed posts.json
var Posts []byte
