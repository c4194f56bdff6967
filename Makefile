# make charm  ssl-termination_amd64.charm, for juju deploy (on an arm64 machine: ssl-termination_arm64.charm)
# make demo   see it work: a small model with real nginx, shown hook by hook
# make test   run everything that can be tested on this machine
# make lint   formatting, lints, documentation
# Each installs what it needs.

.PHONY: build charm demo test lint
.DEFAULT_GOAL := build

build:
	cargo build --release --bin ssl-termination

charm:
	@scripts/install-tools
	scripts/build-charm

demo:
	@scripts/install-tools
	@echo "building (some minutes the first time) …"
	@cargo build --quiet --bin ssl-termination --bin hook-tool --example demo
	@cargo run --quiet --example demo

test:
	@scripts/install-tools
	cargo build --workspace --bins
	cargo test --workspace --no-fail-fast

lint:
	@scripts/install-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
