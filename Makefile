# make charm          ssl-termination_amd64.charm, for juju deploy (_arm64 on such a machine)
# make demo           see it work: a small model with real nginx, shown hook by hook
# make test           run everything that can be tested on this machine
# make fuzz           fuzz what reads hostile input, one minute each (FUZZ_SECONDS=600: longer), and say how often it ran
# make scan           have testssl look at a served site, some minutes
# make soak           the faults in full depth, some hours: each file operation of each hook, and random walks (WALKS=50000)
# make bench          what a hook costs, against charms.reactive and ops: docs/benchmarks.md (BENCH_QUICK=1: a short run; BENCH_PROXY=1: the whole proxy alone; OLDER_CHARM=/path/to.charm: against that one)
# make packing-check  have charmcraft and charmlint look at the charm, run its main scenarios with the packed release
# make upgrade-check  refresh a proxy of an older version to this one, on a machine of its own (as root)
# make integration    the charm in a real Juju, where a controller is reached; else only a look at that code
# make lint           formatting, lints, documentation
# Each installs what it needs.

.PHONY: build charm demo test fuzz scan soak bench packing-check upgrade-check integration lint
.DEFAULT_GOAL := build

# Half the time, a test waits for nginx, for pebble or for a moment.
export RUST_TEST_THREADS ?= $(shell expr 2 \* $$(nproc))

build:
	cargo build --release --package ssl-termination --bin ssl-termination

charm:
	@scripts/install-tools
	scripts/build-charm

demo:
	@scripts/install-tools
	@echo "building (some minutes the first time) …"
	@cargo build --quiet --bin ssl-termination --bin hook-tool --example demo
	@cargo run --quiet --example demo

test:
	@scripts/install-tools python
	cargo build --workspace --bins --examples
	cargo test --workspace --no-fail-fast

bench:
	@scripts/install-tools python
	@echo "building (some minutes the first time) …"
	@cargo build --quiet --release --workspace --bins --example bench --example small --example calls
	@cargo run --quiet --release --example bench

packing-check: charm
	scripts/check-packing
	cargo build --quiet --workspace --bins --examples
	CHARM="$$PWD/ssl-termination_$$(dpkg --print-architecture).charm" cargo test --quiet --test charm -- packed:: hooks_folder:: proxy:: client:: acme:: actions:: certificates:: statuses::

fuzz:
	@scripts/install-tools fuzz
	scripts/fuzz $${FUZZ_SECONDS:-60}

scan:
	@scripts/install-tools scan
	cargo build --workspace --bins --examples
	SCAN=yes cargo test --test charm testssl

upgrade-check:
	@scripts/install-tools
	cargo build --quiet --workspace --bins --examples
	OLDER_CHARM="$$(scripts/older-charm)" cargo test --quiet --test machine older_version

integration:
	@scripts/install-tools python
	scripts/integration

soak:
	@scripts/install-tools
	cargo build --workspace --bins --examples
	SOAK=yes cargo test --test charm acme
	SOAK=yes WALKS=$${WALKS:-50000} cargo test --test faults -- --nocapture

lint:
	@scripts/install-tools lint
	shellcheck scripts/* tests/machine/enter .ci/run examples/*/hooks/*-changed examples/python-client/dispatch
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package rust-client -- -D warnings # the library alone, without the feature charm
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
