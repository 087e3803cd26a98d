# make run    the program with demo data and a simulated Xero, at http://127.0.0.1:3001
# make test   every test there is (about half an hour on two cores)
# make check  linters, and generated files compared with their source
# make bench  make torture  make torture-files  make chaos  make outage  make soak  make stack
# make build  make fmt  make clean
#
# Go, Node 20, git and make are all that has to be there; see scripts/ensure-tools for the tests.

SHELL := /bin/bash

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BINARY  := bin/ampedfieldops

# The program is built without cgo, so that one file runs on any Linux of its architecture.
export CGO_ENABLED := 0

TOOL := go tool -modfile=tools/go.mod

.PHONY: run test check bench torture torture-files chaos outage soak stack build fmt clean
.DEFAULT_GOAL := build

run: build
	$(BINARY) demo --listen 127.0.0.1:3001 --data .demo --xero-listen 127.0.0.1:3002

build: bin/web.stamp
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/ampedfieldops

# The web app is built again only when something under web/ is newer than its last build.
WEB_SOURCES := $(shell find web \( -name node_modules -o -name dist -o -name '*.tsbuildinfo' \) -prune -o -type f -print)

bin/web.stamp: web/node_modules/.installed $(WEB_SOURCES)
	npm --prefix web run build
	mkdir -p bin
	touch $@

%/node_modules/.installed: %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund
	touch $@

test: build e2e/node_modules/.installed
	scripts/ensure-tools
	node scripts/test.mjs

check: web/node_modules/.installed
	scripts/check

# RUNS: how many random histories; SEED: repeats the histories of an earlier run, which prints its seed.
RUNS ?= 300
SEED ?= $(shell date +%s)

torture:
	go test -count=1 -timeout 0 -v -run '^TestTorture$$' ./e2e/torture -args -runs=$(RUNS) -seed=$(SEED)

# Processes that keep, move and drop files are killed, with the other place in trouble and the disk full.
torture-files:
	go test -count=1 -timeout 0 -v -parallel 4 -run '^TestFilesTorture$$' ./internal/paperwork -args -files-runs=$(RUNS) -files-seed=$(SEED)

# SEEDS: how many runs; SEED: the first one's; ABREAST: how many at a time. Results are
# appended, so that many runs can be made in slices.
SEEDS ?= 20
ABREAST ?= 3

chaos:
	go test -count=1 -timeout 0 -parallel $(ABREAST) -v -run '^TestChaos$$' ./e2e/chaos -args -seeds=$(SEEDS) -seed=$(SEED) -abreast=$(ABREAST) -storm=12s -results=$(CURDIR)/chaos-results.jsonl

# A week without Xero, by moved clocks.
outage:
	go test -count=1 -timeout 60m -v -run '^TestOutage$$' ./e2e/outage -args -documents=5000

# An hour's work at fifty requests a second through nginx.
soak:
	go test -count=1 -timeout 120m -v -run '^TestSoak$$' ./e2e/soak -args -lasts=1h -out=$(CURDIR)/docs

# Several processes behind nginx, with the whole of the load that the tests make less of.
stack: build
	go test -count=1 -timeout 0 -v ./e2e/stack -args -backlog=1000 -idle=10000

bench:
	go test -count=1 -timeout 180m -v -run '^(TestBench|TestScale|TestProcesses|TestDrain|TestFiles)$$' ./e2e/bench -args -bench
	go test -count=1 -run '^$$' -bench Put ./internal/blob

fmt:
	$(TOOL) golangci-lint fmt
	npm --prefix web run format --if-present

clean:
	rm -rf bin web/node_modules e2e/node_modules
	find web/dist -mindepth 1 ! -name placeholder.html -delete
