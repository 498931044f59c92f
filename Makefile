# Styx: Meson behind the targets that people type. `make help` lists them.
PREFIX ?= /usr/local
DESTDIR ?=
BUILD := build
CHECK := build-check
LINT := build-lint

.PHONY: all check demo bench install clean format lint help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

help:
	@echo 'make            build into $(BUILD)/; run $(BUILD)/ipsec without installing'
	@echo 'make check      build with sanitizers and run every test'
	@echo 'make demo       two gateways, a tunnel, traffic, a capture that proves it'
	@echo 'make bench      measure; writes $(BUILD)/bench/results.json'
	@echo 'make install    [DESTDIR=] [PREFIX=$(PREFIX)]'
	@echo 'make lint       build with gcc and with clang, warnings are errors'
	@echo 'make format     clang-format over our sources'
	@echo 'make clean      remove what was built'

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo 'meson is missing: run tools/install-deps build'; exit 1; }
	@meson setup $(BUILD) --buildtype=debugoptimized --prefix=$(PREFIX)

check:
	@tools/install-deps build check
	@tools/run-checks $(CHECK)

demo:
	@tools/install-deps build demo
	@$(MAKE) --no-print-directory all
	@tests/system/demo $(BUILD)/ipsec

bench:
	@tools/install-deps build bench
	@$(MAKE) --no-print-directory all
	@bench/run $(BUILD)

install: all
	@meson configure $(BUILD) --prefix=$(PREFIX)
	@ninja -C $(BUILD) >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

lint:
	@tools/install-deps build lint
	@for compiler in gcc clang; do \
	    test -d $(LINT)-$$compiler || CC=$$compiler meson setup $(LINT)-$$compiler --werror >/dev/null; \
	    ninja -C $(LINT)-$$compiler || exit 1; \
	done

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD) $(CHECK) $(LINT)-gcc $(LINT)-clang build-fuzz
