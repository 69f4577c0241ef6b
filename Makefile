# The two that a newcomer needs: make run, make test. Nothing here changes a file of the project but fmt.

SHELL      := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all

GO        ?= go
NPM       ?= npm
FUZZTIME  ?= 30s
BENCHTIME ?= 1s
BENCHFLAGS ?=
ROUNDS    ?= 3000
POWERCUTS ?= 100
POWERFS   ?= ext4

# Where make run listens and keeps its documents.
LISTEN ?= 127.0.0.1:3030
DATA   ?= .data

# Tools of the checks, each at a version that was tried. go run fetches them once and verifies them by their checksums.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0

# Node packages: the one that make run needs, those with tests of their own, and the one that make bench needs.
STORY_PACKAGE := examples/hello
TEST_PACKAGES := syncd/internal/testkit/interop client-sdk/ts examples/board
BENCH_PACKAGE := syncd/internal/testkit/bench

# Go modules: the product, and the load generator, which knows nothing of it.
GO_MODULES := . $(BENCH_PACKAGE)

# What npm has installed is as new as the lockfile, or it is installed again.
installed = $(addsuffix /node_modules/.package-lock.json,$(1))

# The web app, which syncd embeds, and the client that it is built on.
SDK       := client-sdk/ts
APP       := examples/board
APP_BUILT := syncd/internal/webapp/dist/index.html
APP_FILES := $(shell find $(SDK)/src $(SDK)/tsconfig*.json $(APP)/src $(APP)/public $(APP)/scripts $(APP)/index.html $(APP)/vite.config.ts -type f)

GO_FILES = find . -name '*.go' -not -path '*/node_modules/*' -print0

.PHONY: all run test test-go test-node browser fmt fmt-check vet lint audit bench fuzz race torture powercut bench-go bench-compare build clean

all: fmt vet lint test race

## Running

run: build $(call installed,$(STORY_PACKAGE))
	@exec syncd/internal/testkit/story.sh --listen '$(LISTEN)' --data '$(DATA)'

# The binary knows its commit where git answers; elsewhere, as in an archive or as another user, it is built without.
vcs = $(shell git status --porcelain >/dev/null 2>&1 && echo auto || echo false)

build: $(APP_BUILT)
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=$(vcs) -o bin/syncd ./syncd

$(APP_BUILT): $(call installed,$(SDK) $(APP)) $(APP_FILES)
	cd $(SDK) && $(NPM) run --silent build
	cd $(APP) && $(NPM) run --silent build
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	cd $* && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

## Testing

test: test-go test-node

# The engine of crdt.Document is C: go needs gcc for it, syncd itself does not. The JavaScript engine has its say too, on
# changes and snapshots: without its package such tests are skipped.
test-go: $(call installed,$(STORY_PACKAGE))
	@for m in $(GO_MODULES); do $(GO) test -C $$m -count=1 ./...; done

# The tests of the web app drive Chromium; on Debian, as root, it is installed where it is missing.
browser:
	@command -v chromium >/dev/null || [ -n "$${TAVLE_CHROMIUM:-}" ] || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "the tests of the web app need Chromium: apt-get install chromium, or name one in TAVLE_CHROMIUM"; exit 1; }

test-node: browser build $(call installed,$(STORY_PACKAGE) $(TEST_PACKAGES))
	syncd/internal/testkit/story.sh --once
	@for p in $(TEST_PACKAGES); do \
	  echo "npm test in $$p"; \
	  (cd $$p && TAVLE_SYNCD='$(CURDIR)/bin/syncd' $(NPM) test --silent); \
	done

race:
	@for m in $(GO_MODULES); do $(GO) test -C $$m -race ./...; done

# Every fuzz target there is, one after the other, FUZZTIME each. Inputs that show something new are hardly made smaller, for which
# Go would take a minute each, and all of FUZZTIME where one input takes milliseconds.
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; \
	    $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; \
	  done; \
	done

# syncd is killed at random moments, ROUNDS times, and has to have what it had told; then as many seeds of the simulated network.
torture: build
	TAVLE_SYNCD='$(CURDIR)/bin/syncd' TAVLE_TORTURE_ROUNDS=$(ROUNDS) $(GO) test -count=1 -timeout 0 -v -run Killed ./syncd/internal/testkit/torture
	$(GO) test -count=1 -timeout 0 ./syncd/internal/testkit/simnet -seeds $(ROUNDS)

# The power of the machine that syncd runs on is cut POWERCUTS times: a disk of FUSE, a loop device and a POWERFS (ext4, xfs, btrfs), for which it takes root.
powercut: build
	TAVLE_SYNCD='$(CURDIR)/bin/syncd' TAVLE_POWER_CUTS=$(POWERCUTS) TAVLE_POWER_FS=$(POWERFS) $(GO) test -count=1 -timeout 0 -v -run PowerIsCut ./syncd/internal/testkit/torture

# The table: syncd beside the reference server from npm, under the same load.
bench: build $(call installed,$(BENCH_PACKAGE))
	$(GO) build -C $(BENCH_PACKAGE) -o '$(CURDIR)/bin/bench' .
	bin/bench $(BENCHFLAGS)

bench-go:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

# The hot paths at a commit, OLD=HEAD~10, and in this tree.
bench-compare:
	@syncd/internal/testkit/bench/compare.sh '$(OLD)'

## Checking

fmt:
	@$(GO_FILES) | xargs -0 gofmt -w

fmt-check:
	@bad=$$($(GO_FILES) | xargs -0 gofmt -l); \
	if [[ $$bad ]]; then echo "not formatted, run make fmt:"; echo "$$bad"; exit 1; fi

vet:
	@for m in $(GO_MODULES); do $(GO) vet -C $$m ./...; done

lint: fmt-check vet
	@for m in $(GO_MODULES); do (cd $$m && $(GO) run $(STATICCHECK) ./...); done

# Not part of test: the database of known vulnerabilities is not reachable from everywhere.
audit:
	@if ! curl -fsS --max-time 20 -o /dev/null https://vuln.go.dev/index/db.json; then \
	  echo "audit: the database of known vulnerabilities, https://vuln.go.dev, cannot be reached from here; nothing was checked"; exit 1; \
	fi
	$(GO) run $(GOVULNCHECK) ./...

clean:
	rm -rf bin
	$(GO) clean -testcache
