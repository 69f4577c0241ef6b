module github.com/tavle-org/tavle

go 1.26.0

ignore (
	./client-sdk/ts
	./examples/board
	node_modules
)

require (
	github.com/alecthomas/kong v1.17.0 // the command line
	github.com/automerge/automerge-go v0.0.0-20230903201930-b80ce8aadbb9 // the engine of crdt.Document; not in syncd
	github.com/cespare/xxhash/v2 v2.3.0 // sums of what is stored
	github.com/dgraph-io/badger/v4 v4.9.6 // the store
	github.com/fxamacker/cbor/v2 v2.9.6 // well-formedness of CBOR from clients, and records
	github.com/gorilla/websocket v1.5.3 // websockets
	github.com/hanwen/go-fuse/v2 v2.12.1 // tests: a disk that loses power
	github.com/klauspost/compress v1.20.3 // zstd and deflate
	github.com/prometheus/client_golang v1.25.0 // metrics
	go.uber.org/goleak v1.3.0 // tests: no goroutine stays
	golang.org/x/crypto v0.58.0 // autocert: certificates from Let's Encrypt for serve --acme
	golang.org/x/sys v0.49.0 // sockets that the server polls itself
	pgregory.net/rapid v1.3.0 // tests: properties
	rsc.io/qr v0.2.0 // codes in the terminal that a phone can scan
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/dgraph-io/ristretto/v2 v2.2.0 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/flatbuffers v25.2.10+incompatible // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel v1.41.0 // indirect
	go.opentelemetry.io/otel/metric v1.41.0 // indirect
	go.opentelemetry.io/otel/trace v1.41.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
