// Package torture kills syncd and looks at what is left. It has only tests: they
// run the real binary on a real disk, talk to it over the real protocol, and keep
// a ledger of everything that it has told anyone. After each kill a fresh client
// must be served all of it.
package torture
