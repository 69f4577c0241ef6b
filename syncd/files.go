package main

import "github.com/tavle-org/tavle/syncd/internal/edge"

// storeFilesMin is what the store, the pollers and the admin listener need at least, in
// descriptors. A store that cannot open its next file ends the process.
const storeFilesMin = 64

// share divides the descriptors that the process may have: a quarter is the store's, which has
// one for each of its tables, some are the lobby's, and the rest are for websockets, no more
// than wanted.
func share(files, wanted int) (websockets, places int) {
	store := max(storeFilesMin, files/4)
	places = max(1, min(lobbyPlaces, files/8))
	websockets = max(1, (files-store-places)/edge.Descriptors)
	return min(wanted, websockets), places
}
