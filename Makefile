# Thin names over commands that also work without make. `make demo` and `make test` install what they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Root needs no sudo; others keep their PATH (Swift is often not where root looks) and their caches.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=HOME,XDG_STATE_HOME,KUBECONFIG,KUBEFORGE_CACHE env PATH="$(PATH)")
BUILD_DEBS := pkg-config libssh-dev libssl-dev zlib1g-dev
TEST_DEBS := openssh-server openssh-client sudo curl python3 python3-venv python3-pip
LAB_DEBS := systemd-container mmdebstrap debian-archive-keyring iproute2 iptables procps util-linux mount findutils docker-registry
DEBS := $(BUILD_DEBS) $(TEST_DEBS) $(LAB_DEBS)
# Tests that make machines.
MACHINES := EndToEndTests.FirstMilestoneTests|ForgeLabTests.LabTests
# Those that take long: releases with faults in a lab, and each fault of a batch with a Python of its own.
SERVICE := EndToEndTests.ServiceTests|ServiceTemplateTests.(CourierTests|InferenceTests|ModelStoreTests)
KUBEFORGE := .build/debug/kubeforge

.PHONY: help demo test test-service benchmark-service lint packages build install down

help:
	@echo 'make demo           two real machines on this computer, a cluster on them, a model that answers'
	@echo 'make test           unit, SSH against a real sshd, the service, the whole way in a lab of its own'
	@echo 'make test-service   the service in full, in a lab of its own: takes longer'
	@echo 'make benchmark-service   how fast the service answers on one core, beside the articles'\'' way'
	@echo 'make lint           the formatter, strictly'
	@echo 'make install        the program, optimised, into /usr/local/bin'
	@echo 'make down           removes the lab of make demo'

demo: build
	$(ROOT) $(KUBEFORGE) lab up inventory/lab.yaml
	$(ROOT) $(KUBEFORGE) provision inventory/lab.yaml
	$(ROOT) $(KUBEFORGE) deploy inventory/lab.yaml
	$(ROOT) $(KUBEFORGE) smoke-test inventory/lab.yaml
	@echo
	@echo 'Next:  $(ROOT) $(KUBEFORGE) lab shell kubmaster        then: kubectl get pods -A -o wide'
	@echo '       curl http://10.77.0.12:30080/prediction/23'
	@echo 'Down:  make down'

# The machines wait more than they work, so the other tests run meanwhile, and give way. What both say comes one after the other.
test: packages
	swift build --build-tests
	@$(ROOT) swift test --ignore-lock --skip-build --disable-xctest --filter '$(MACHINES)' > .build/machines.log 2>&1 & machines=$$!; \
	trap 'kill $$machines' INT TERM; \
	$(ROOT) nice swift test --ignore-lock --skip-build --disable-xctest --skip '$(MACHINES)|$(SERVICE)'; others=$$?; \
	tail -f -n +1 --pid=$$machines .build/machines.log; wait $$machines || exit; \
	[ $$others = 0 ] || { echo 'Tests that need no machines failed: see above.'; exit $$others; }

test-service: packages
	swift build --build-tests
	$(ROOT) swift test --skip-build --disable-xctest --filter '$(SERVICE)'

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

packages:
	@missing=$$(for deb in $(DEBS); do dpkg-query -W -f '$${db:Status-Abbrev}' $$deb 2>/dev/null | grep -q '^.i' || echo $$deb; done); \
	if [ -n "$$missing" ]; then echo "installing $$missing" | tr '\n' ' '; echo; \
	  $(ROOT) apt-get -q -o DPkg::Lock::Timeout=300 update && $(ROOT) env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends $$missing; \
	  case "$$missing" in *docker-registry*) $(ROOT) systemctl disable --now docker-registry 2>/dev/null || true;; esac; fi

# wrk asks; the service'''s packages and models are made in the cache the first time.
benchmark-service: DEBS := python3 python3-venv python3-pip util-linux wrk
benchmark-service: packages
	python3 Tests/ServiceBenchmark/benchmark.py

build: packages
	swift build --product kubeforge

install: packages
	swift build -c release --static-swift-stdlib --product kubeforge
	$(ROOT) install -s -m 0755 .build/release/kubeforge /usr/local/bin/kubeforge

down:
	$(ROOT) $(KUBEFORGE) lab down inventory/lab.yaml
