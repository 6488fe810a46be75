# Every task a person has. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# For `make run`; each becomes an option of `bitgrid run`.
SPEED ?=
DATA ?=
SITE ?=
START ?=
KEEP ?=
# For `make image`: which computers it is for, and who signs its updates.
ARCH ?= arm64
KEY ?=
# With the library for a language model on the device; compiles for some minutes the first time.
MODEL ?=
# The owner's Raspberry Pi OS Lite, in place of Debian.
BASE ?=
# For `make test`: what is handed to pytest, e.g. PYTEST="-k guard -x".
PYTEST ?=

VENV := .venv/bin
RUN_OPTIONS := $(if $(SPEED),--speed '$(SPEED)') $(if $(DATA),--data '$(DATA)') $(if $(SITE),--site '$(SITE)') \
	$(if $(START),--start '$(START)') $(if $(KEEP),--keep)
CHAOS_OPTIONS := $(if $(WORLD),--world '$(WORLD)') $(if $(SEED),--seed '$(SEED)') $(if $(RUNS),--runs '$(RUNS)') \
	$(if $(SEED)$(RUNS)$(WORLD),,--write) $(if $(WRITE),--write)

.PHONY: help
help:  ## List these tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12
	@echo
	@echo 'make run takes SPEED=60 (1: real time), DATA=file.csv, SITE=my-site.yaml, START=2024-05-15T12:30, KEEP=1'

.PHONY: run
run:  ## Run the whole house on this machine; Ctrl-C ends it
	@scripts/apt-need mosquitto=mosquitto setpriv=util-linux
	@scripts/bootstrap run
	@exec $(VENV)/bitgrid run $(RUN_OPTIONS)

.PHONY: test
test: tools lint  ## Check everything, as continuous integration does
	@$(VENV)/pytest -W error $(PYTEST)

.PHONY: test-homeassistant
test-homeassistant: tools dev  ## Try the house with a real Home Assistant, in an environment of its own; minutes the first time
	@hass=$$(scripts/home-assistant) && BITGRID_TEST_HASS="$$hass" $(VENV)/pytest -W error tests/ha/real $(PYTEST)

.PHONY: lint
lint: dev  ## Check style, types and who may import whom
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports --no-cache
	@cd ansible && PATH=$(abspath $(VENV)):$$PATH ANSIBLE_HOME=$(abspath .ansible) ansible-lint

.PHONY: format
format: dev  ## Put the code in its form
	$(VENV)/ruff format
	$(VENV)/ruff check --fix

.PHONY: docs
docs: dev  ## Write docs/configuration.md, devices.md, drivers.md, kpi.md, first-boot.md and ansible.md anew from what they are made of
	$(VENV)/bitgrid config docs > docs/configuration.md
	$(VENV)/bitgrid config devices > docs/devices.md
	$(VENV)/python -m bitgrid.ops.driver_docs > docs/drivers.md
	$(VENV)/python -m bitgrid.ops.kpi_docs > docs/kpi.md
	$(VENV)/python -m bitgrid.ops.first_boot_docs > docs/first-boot.md
	$(VENV)/python scripts/ansible-docs > docs/ansible.md

.PHONY: test-ansible
test-ansible: tools dev  ## Provision a host from zero in a container and check it from outside; root, and some minutes
	@scripts/apt-need mmdebstrap=mmdebstrap systemd-nspawn=systemd-container nmap=nmap ssh=openssh-client
	@scripts/test-ansible $(PYTEST)

.PHONY: image image-lock image-test image-repro image-tools
image: image-tools  ## Make the card's image, root and some minutes: ARCH=arm64|amd64, KEY=private.pem signs updates; MODEL=1, BASE=raspios-lite.img.xz
	@PYTHONPATH=app:image $(VENV)/python -m bitgrid_image --arch '$(ARCH)' $(if $(KEY),--key '$(KEY)') \
		$(if $(BASE),--base '$(BASE)') $(if $(filter-out 0,$(MODEL)),--model)

image-test: image-tools  ## Start the image that was made in QEMU and look at it from outside; root; ARCH=, and for amd64 KEY= tries updates, too; long
	@scripts/apt-need qemu-system-x86_64=qemu-system-x86 qemu-system-aarch64=qemu-system-arm zstd=zstd ssh=openssh-client
	@[ '$(ARCH)' = arm64 ] || [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || scripts/apt-need /usr/share/OVMF=ovmf
	@image=$$(ls -t dist/bitgrid-*-'$(ARCH)'.img.zst 2>/dev/null | head -n 1); \
		[ -n "$$image" ] || { echo 'There is no image for $(ARCH) in dist/. Make one: make image ARCH=arm64|amd64' >&2; exit 1; }; \
		[ -z '$(KEY)' ] || [ -r '$(KEY)' ] || { echo 'There is no key $(KEY).' >&2; exit 1; }; \
		[ -z '$(KEY)' ] || [ -e "$${image%.img.zst}.update" ] || { echo "No update was made with $$image. Make both: make image ARCH=$(ARCH) KEY=$(KEY)" >&2; exit 1; }; \
		BITGRID_TEST_IMAGE="$(CURDIR)/$$image" \
		BITGRID_TEST_IMAGE_KEY='$(abspath $(KEY))' $(VENV)/pytest -W error --timeout 7200 tests/image/booted $(PYTEST)

image-repro: image-tools  ## Make the image twice from empty caches and compare byte by byte; ARCH=, MODEL=1
	@[ -z '$(BASE)$(KEY)' ] || { echo 'BASE and KEY are not compared: leave them away.' >&2; exit 1; }
	@PYTHON=$(VENV)/python scripts/image-repro '$(ARCH)' $(if $(filter-out 0,$(MODEL)),--model)

image-lock: image-tools  ## Write down anew which of Debian's packages are in the image; ARCH=
	@PYTHONPATH=app:image $(VENV)/python -m bitgrid_image --arch '$(ARCH)' --write-lock $(if $(BASE),--base '$(BASE)')

image-tools: dev  ## Install what these take of the system
	@scripts/apt-need mmdebstrap=mmdebstrap unshare=util-linux systemd-sysusers=systemd git=git
	@[ '$(ARCH)$(shell uname -m)' != arm64x86_64 ] || scripts/apt-need qemu-aarch64-static=qemu-user-static arch-test=arch-test

.PHONY: fail-safe
fail-safe: tools dev  ## Take each line of the fail-safe away and see that a test notices; takes minutes
	@PYTHONPATH=tests $(VENV)/python -m fail_safe

.PHONY: bench
bench: tools dev  ## Measure the kernel, tick to command, bytes written, memory, the archive, the page; with DATA= the forecasts on a recorded home
	$(VENV)/python bench/kernel.py
	$(VENV)/python bench/latency.py
	$(VENV)/python bench/writes.py
	$(VENV)/python bench/household.py $(if $(DATA),'$(DATA)')
	$(VENV)/python bench/memory.py
	$(VENV)/python bench/forecast.py $(if $(DATA),'$(DATA)')
	$(VENV)/python bench/forecast_cost.py
	$(VENV)/python bench/kpi.py
	$(VENV)/python bench/cold.py
	$(VENV)/python bench/research.py
	$(VENV)/python bench/web.py

.PHONY: mutants
mutants: dev  ## Break the rules in every small way there is and see that tests notice; takes minutes
	@scripts/mutants $(if $(MUTANTS),'$(MUTANTS)')

.PHONY: chaos
chaos: tools dev  ## Let things go wrong at random for half an hour; SEED=, RUNS=, WORLD=held|real
	@cd tests && ../$(VENV)/python -m chaos $(CHAOS_OPTIONS)

.PHONY: powercut
powercut: dev  ## Take the power away at every sync of what the house writes; ONLY=, SEED=
	@scripts/apt-need gcc=build-essential
	@cd tests && ../$(VENV)/python -m powercut $(if $(ONLY),--only '$(ONLY)') $(if $(SEED),--seed '$(SEED)')

.PHONY: doctor
doctor:  ## Check this machine and the house that runs on it
	@scripts/bootstrap run
	@$(VENV)/bitgrid doctor

.PHONY: lock
lock:  ## Write the locked dependencies anew; UPGRADE=1 takes newer ones
	scripts/lock $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean:  ## Remove what running and testing made; the environment stays
	rm -rf var .ansible ansible/.ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results

.PHONY: tools dev
tools:
	@scripts/apt-need mosquitto=mosquitto setpriv=util-linux nft=nftables ip=iproute2 openssl=openssl \
		systemd-analyze=systemd borg=borgbackup ssh=openssh-client sshd=openssh-server wrk=wrk \
		nginx=nginx-light qrencode=qrencode
	@scripts/need-chromium
dev:
	@scripts/bootstrap dev
