# Everything runs in a .venv of its own, made on first use.
PYTHON ?= python3
BIN := .venv/bin
# The tests start hundreds of processes: each would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage check format test-real traces fuzz faults faults-real bench screenshots readme ship clean

demo: .venv/.installed
	@$(BIN)/cockpit demo

test: check
	$(BIN)/pytest -n 4 --dist worksteal -m "not real and not benchmark and not package" $(PYTEST_ARGS)

# How much of the pure rooms their tests run; below the floor it fails. It is a ratchet: it may only rise. Counting
# lines doubles the time, so the other rooms are left out.
RULES := tests/model tests/planning tests/workloads tests/routers tests/systems tests/adapters
COUNTED := model planning workloads routers systems
coverage: .venv/.installed
	$(BIN)/pytest -n 4 --dist worksteal -m "not real and not benchmark and not package" $(COUNTED:%=--cov=cockpit.%) \
		--cov-report=term:skip-covered --cov-fail-under=94 $(RULES) $(COVERAGE_ARGS)

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Against any cluster: COCKPIT_TEST_KUBECONFIG=FILE COCKPIT_TEST_GATEWAY=URL make test-real
# A real gateway still takes in what the test before left behind, and answers by an old table for seconds: what
# fails is tried again, in a namespace of its own, before it counts. Each such try is printed as RERUN.
test-real: .venv/.installed
	$(BIN)/pytest -n 2 -m "real and not faults" --reruns 2 --reruns-delay 3 -ra --durations 15 tests
	$(BIN)/pytest -m faults --reruns 1 --reruns-delay 10 -ra tests

# Whether the real controllers still tell the stories that tests/traces holds; chance decides some of their order.
traces: .venv/.installed
	$(BIN)/python -m tests.traces check

# Property tests on inputs of chance; what one of them finds it prints as a line to paste above the test.
fuzz: .venv/.installed
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n 2 -m "(hypothesis or simulation) and not real" --timeout 900 tests

# Two sessions behind a server, a network and a proxy that fail by a seeded script; terminals that are not read for a
# minute, or dragged; ten thousand hostile objects.
faults: .venv/.installed
	COCKPIT_FAULT_RUNS=1000 $(BIN)/pytest -n 2 tests/session/test_faults.py
	COCKPIT_TERMINAL_SECONDS=60 COCKPIT_HOSTILE_OBJECTS=10000 $(BIN)/pytest tests/launch/test_terminals.py \
		tests/launch/test_hostile_bytes.py

# The same two on a real API server that is killed, held, compacted and restored: COCKPIT_TEST_KUBECONFIG, and
# COCKPIT_TEST_LAB with COCKPIT_TEST_LAB_DIR, as tests/real/control_plane.py says.
faults-real: .venv/.installed
	COCKPIT_FAULT_RUNS=100 $(BIN)/pytest tests/real/test_seeded_faults.py

# Ends with a table: each figure, its peer in the same run, its budget. One of them: make bench ONLY=commands
bench: .venv/.installed
	@if [ -z "$(ONLY)" ]; then $(BIN)/pytest -m benchmark -s tests/benchmarks --ignore-glob '*/test_first_paint.py' --ignore-glob '*/test_commands.py'; fi
	$(BIN)/python -m tests.benchmarks --only "$(ONLY)"

screenshots: .venv/.installed
	$(BIN)/python -m tests.screenshots

# The table of systems, from the adapters, the page of findings, from their catalogue, the picture of a verdict, and the
# manual page, from the commands.
readme: .venv/.installed
	$(BIN)/python -m tests.systems_table
	$(BIN)/python -m tests.findings_page
	$(BIN)/python -m tests.verdict_picture
	$(BIN)/python -m tests.man_page

# Wheel and sdist, installed into an empty environment and run.
ship: .venv/.installed
	$(BIN)/pytest -m package -rs tests/test_package.py tests/test_bare_install.py

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cockpit needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	@echo 'setting up .venv with everything that is needed; on first use this takes about a minute'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
