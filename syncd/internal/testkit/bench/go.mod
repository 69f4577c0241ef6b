module github.com/tavle-org/tavle/syncd/internal/testkit/bench

go 1.26.0

ignore node_modules

require (
	github.com/fxamacker/cbor/v2 v2.9.6 // messages
	github.com/gorilla/websocket v1.5.3 // websockets
)

require github.com/x448/float16 v0.8.4 // indirect
