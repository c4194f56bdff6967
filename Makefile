# make demo   see it work: a small model with real nginx, shown hook by hook
# make test   run everything that can be tested on this machine
# make soak   the faults in full depth, some hours: each file operation of each hook, and random walks (WALKS=50000)
# make lint   formatting, lints, documentation
# Each installs what it needs.

.PHONY: demo test soak lint build
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

soak:
	@scripts/install-tools
	cargo build --workspace --bins --examples
	SOAK=yes WALKS=$${WALKS:-50000} cargo test --test faults -- --nocapture

lint:
	@scripts/install-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
