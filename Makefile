# The words of the house; meson and ninja do the work. `make` leaves the program at
# build/interplane.
#
#   make run                   what interplane says about the example network
#   make test                  unit tests, scenarios, replays of the fuzz corpora
#   make lint, make format     check, and apply, how the code reads
#   make debug                 the tests again, with address and undefined-behaviour sanitizers
#   make fuzz TARGET=x TIME=60 one fuzz target, or each in turn without TARGET
#   make simulate SEEDS=1000   seeded runs of whole systems with faults
#   make mutants               mistakes put into a copy, each of which a test has to catch
#   make fidelity PATHS=...    recorded deployments (tests/fidelity/README.md), row by row
#   make lab                   against real network stacks and routers; needs root
#   make lab ONLY='interop/soak' SOAK_SECONDS=120   the named tests of it
#   make bench, make coverage
#
# Each installs the Debian packages it lacks. BUILD=folder builds elsewhere.

BUILD ?= build
SEEDS ?= 1000
TIME ?= 60
TARGET ?=
ONLY ?=
PATHS ?= $(sort $(wildcard tests/fidelity/recorded/*.json))

.DELETE_ON_ERROR:
.PHONY: all run test fidelity lab simulate fuzz bench lint format debug coverage mutants clean

all:
	@tools/setup build
	@tools/configure $(BUILD)
	@ninja -C $(BUILD) --quiet $(if $(wildcard src/programs/interplane.c),interplane)

run: all
	@if [ -x tools/article ]; then tools/article $(BUILD)/interplane; \
	else $(BUILD)/interplane matrix examples/interop.yaml; fi

test:
	@tools/setup build test
	@tools/configure $(BUILD) -Dtests=true
	@ninja -C $(BUILD) --quiet
	@tools/run-tests $(BUILD) --without lab --without simulate

fidelity: all
	@tools/fidelity -v --program $(BUILD)/interplane $(PATHS)

lab:
	@tools/setup build test lab
	@tools/configure $(BUILD) -Dtests=true
	@ninja -C $(BUILD) --quiet
	@tools/run-tests $(BUILD) --suite lab --jobs 1 $(ONLY)

simulate:
	@tools/setup build test
	@tools/configure $(BUILD) -Dtests=true
	@ninja -C $(BUILD) --quiet
	@SEEDS=$(SEEDS) tools/run-tests $(BUILD) --suite simulate --time-factor 0

mutants:
	@tools/setup build test
	@tools/mutants

debug:
	@tools/setup build test
	@tools/configure $(BUILD)-debug -Dtests=true -Db_sanitize=address,undefined
	@ninja -C $(BUILD)-debug --quiet
	@tools/run-tests $(BUILD)-debug --without lab --without simulate --time-factor 5

fuzz:
	@tools/setup build fuzz
	@CC=clang tools/configure $(BUILD)-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	@ninja -C $(BUILD)-fuzz --quiet
	@tools/fuzz $(BUILD)-fuzz $(TIME) $(TARGET)

coverage:
	@tools/setup build test coverage
	@CC=clang LLVM_PROFILE_FILE=/dev/null tools/configure $(BUILD)-coverage -Dtests=true \
		'-Dc_args=-fprofile-instr-generate -fcoverage-mapping' \
		-Dc_link_args=-fprofile-instr-generate
	@ninja -C $(BUILD)-coverage --quiet
	@tools/coverage $(BUILD)-coverage

bench:
	@tools/setup build bench
	@tools/configure $(BUILD)-bench -Dbench=true
	@ninja -C $(BUILD)-bench --quiet
	@bench/run $(BUILD)-bench

lint:
	@tools/setup lint
	@tools/lint

format:
	@tools/setup lint
	@tools/list-sources | xargs clang-format -i

clean:
	@rm -rf $(BUILD) $(BUILD)-debug $(BUILD)-fuzz $(BUILD)-coverage $(BUILD)-bench build-lint
