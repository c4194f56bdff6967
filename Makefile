# make demo   see it work: a small model with real nginx, shown hook by hook
# make test   run everything that can be tested on this machine
# make bench  measure what a hook costs, against charms.reactive and ops: docs/benchmarks.md (BENCH_QUICK=1: a short run)
# make lint   formatting, lints, documentation
# Each installs what it needs.

.PHONY: demo test bench lint build
.DEFAULT_GOAL := build

build:
	cargo build --release --bin ssl-termination

demo:
	@scripts/install-tools
	@echo "building (some minutes the first time) …"
	@cargo build --quiet --bin ssl-termination --bin hook-tool --example demo
	@cargo run --quiet --example demo

test:
	@scripts/install-tools
	cargo build --workspace --bins
	cargo test --workspace --no-fail-fast

bench:
	@scripts/install-tools python
	@echo "building (some minutes the first time) …"
	@cargo build --quiet --release --workspace --bins --example bench --example small
	@cargo run --quiet --release --example bench

lint:
	@scripts/install-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
