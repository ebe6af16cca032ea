# Thin names over commands that also work without make. `make demo` and `make test` install what they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# What needs root: packages, and installing into /usr/local. Everything else runs as the user; `kubeforge lab` calls sudo itself.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo)
BUILD_DEBS := pkg-config libssh-dev libssl-dev zlib1g-dev
TEST_DEBS := git openssh-server openssh-client sudo curl python3 python3-venv python3-pip gnupg fish tcsh zsh
LAB_DEBS := systemd-container mmdebstrap debian-archive-keyring iproute2 iptables procps util-linux mount findutils docker-registry
DEBS := $(BUILD_DEBS) $(TEST_DEBS) $(LAB_DEBS)
# Tests that make machines.
# No slash after a name: it would leave the suite itself, and what it sets up, in the other run.
MACHINES := EndToEndTests.(FirstMilestoneTests|LabTests)
# Those that take long: releases with faults in a lab, each fault of a batch with a Python of its own, and models of every kind.
SERVICE := EndToEndTests.(ServiceTests|OwnModelTests)|ServiceTemplateTests.(CoordinatorTests|InferenceTests|ModelStoreTests|ModelDirectoryTests|MixedColumnsTests)
# Every step of a run disturbed, in four ways: takes about half an hour.
FAULTS := EndToEndTests.FaultTests
# One virtual machine, which is emulated where KVM cannot be used.
VM := EndToEndTests.VirtualMachineTests
# How many mutants, by which seed, of which files: MUTANTS='--count 20 --seed 1 --files Sources/ForgePlan'.
MUTANTS :=
KUBEFORGE := .build/debug/kubeforge
# Where `make install` puts things: below DESTDIR, which packagers set.
PREFIX := /usr/local
DESTDIR :=
# Debian's zsh looks for what packages bring in vendor-completions.
ZSH_COMPLETIONS := $(PREFIX)/share/zsh/site-functions
# The program, its completions and its manual as they are installed.
DIST := .build/dist
# With Swift's libraries inside, and no others of the directory that the program lies in.
RELEASE := -c release --static-swift-stdlib --disable-local-rpath
INSTALLED := bin/kubeforge share/bash-completion/completions/kubeforge share/fish/vendor_completions.d/kubeforge.fish \
	share/man/man1/kubeforge.1 share/doc/kubeforge/copyright
# With sudo only where the user may not write.
PLACE = place='$(DESTDIR)$(PREFIX)'; while [ ! -e "$$place" ]; do place=$$(dirname "$$place"); done; as=; [ -w "$$place" ] || as='$(ROOT)'
# A login session starts with 1024 open files; tests that run at once take more.
OPEN_FILES := most=$$(ulimit -Hn); [ "$$most" != unlimited ] && [ "$$most" -le 65536 ] || most=65536; ulimit -Sn "$$most";
# Into a pipe the tests print colours, for whatever forwards them to a terminal.
PLAIN := [ -t 1 ] || export NO_COLOR=1;
# At most eight tests at once: two cores that run a thousand at once make each of them late. Toolchains before Swift 6.3 do not read this.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8
# A temporary directory for the tests alone, so that what they leave behind is noticed and removed. Its name is short: gpg's sockets are deep in it.
OWN_TMP := own=$$(mktemp -d /tmp/kf.XXXXXX) && chmod 1777 "$$own" && TMPDIR=$$own
LEFT := left=$$(ls -A "$$own"); rm -rf -- "$$own";
NONE_LEFT := [ -z "$$left" ] || { echo "Tests that need no machines left files in the temporary directory:" $$left; exit 1; }
# Keeps sudo's password cached: tests need it again at their end, to remove machines.
KEEP_SUDO := $(if $(ROOT),while sudo -n -v 2>/dev/null; do sleep 60; done & keeper=$$!; trap 'kill $$keeper' EXIT;)

# The tests as `swift test` runs them, without SwiftPM around them: two of it side by side share a cache that each maps into
# its memory, and one has ended by SIGBUS.
TESTS := .build/debug/kubeforgePackageTests.xctest --testing-library swift-testing
# Tests that need no machines. Those of the service's Python wait for programs and would block the others' few threads, so they run apart.
OTHERS := $(TESTS) --skip '$(MACHINES)|$(SERVICE)|$(FAULTS)|$(VM)|ServiceTemplateTests[.]'
TEMPLATES := $(TESTS) --filter 'ServiceTemplateTests[.]' --skip '$(SERVICE)'

.PHONY: help demo check test test-service test-faults test-vm test-mutants fuzz benchmark-service lint format ready packages build dist \
	install uninstall down

help:
	@echo 'make demo           two machines on this computer, a cluster on them, a model that answers'
	@echo 'make check          the format, and the tests that need no machines'
	@echo 'make test           all tests but the long ones below, with provision to smoke-test in a lab'
	@echo 'make test-service   the service in full, in a lab of its own: takes longer'
	@echo 'make test-faults    every step of a run disturbed, in four ways: takes about half an hour'
	@echo 'make test-vm        provision to smoke-test on a virtual machine: minutes with KVM, over half an hour without'
	@echo 'make test-mutants   one line of the sources changed at a time, which the unit tests should notice: takes hours'
	@echo 'make fuzz           random and changed answers for every parser, ten minutes each (FUZZ_SECONDS=600)'
	@echo 'make benchmark-service   how fast the service answers on one core, beside the articles'\'' way'
	@echo 'make lint           the formatter, strictly'
	@echo 'make format         the formatter, in place'
	@echo 'make install        the program, optimised, its completions and its manual into /usr/local (PREFIX=, DESTDIR=)'
	@echo 'make uninstall      removes them'
	@echo 'make down           removes the lab of make demo'

demo: build
	$(KUBEFORGE) lab up inventory/lab.yaml
	$(KUBEFORGE) provision inventory/lab.yaml
	$(KUBEFORGE) deploy inventory/lab.yaml
	$(KUBEFORGE) smoke-test inventory/lab.yaml
	@echo
	@echo 'Next:  $(KUBEFORGE) lab shell kubmaster        then: kubectl get pods -A -o wide'
	@echo '       curl http://10.77.0.12:30080/prediction/23'
	@echo 'Down:  make down'

check: lint packages
	swift build --build-tests
	@$(OPEN_FILES) $(PLAIN) $(OWN_TMP) nice $(OTHERS); others=$$?; TMPDIR=$$own nice $(TEMPLATES) || others=$$?; $(LEFT) [ $$others = 0 ] || exit $$others; \
	$(NONE_LEFT)

# The machines mostly wait, so the other tests run meanwhile, with lower priority. The output of both comes one after the other.
test: packages
	swift build --build-tests
	@$(OPEN_FILES) $(PLAIN) $(KEEP_SUDO) $(TESTS) --filter '$(MACHINES)' > .build/machines.log 2>&1 & machines=$$!; \
	trap 'kill $$machines' INT TERM; \
	$(OWN_TMP) nice $(OTHERS); others=$$?; TMPDIR=$$own nice $(TEMPLATES) || others=$$?; $(LEFT) \
	tail -f -n +1 --pid=$$machines .build/machines.log; wait $$machines || exit; \
	[ $$others = 0 ] || { echo 'Tests that need no machines failed: see above.'; exit $$others; }; \
	$(NONE_LEFT)

test-vm: DEBS += qemu-system-x86 e2fsprogs genisoimage
test-vm: packages
	swift build --build-tests
	@$(OPEN_FILES) $(PLAIN) $(KEEP_SUDO) $(TESTS) --filter '$(VM)'

# Four labs of two machines: more kubelets, journals and proxies than Linux lets watch files by default.
test-faults: packages
	@[ "$$(cat /proc/sys/fs/inotify/max_user_instances)" -ge 1024 ] || $(ROOT) sysctl -q -w fs.inotify.max_user_instances=1024
	swift build --build-tests
	@$(OPEN_FILES) $(PLAIN) $(KEEP_SUDO) SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 \
	$(TESTS) --filter '$(FAULTS)'

# One parser after the other, so that the memory of each can be seen.
fuzz: FUZZ_SECONDS ?= 600
fuzz:
	swift build --build-tests
	@$(PLAIN) KUBEFORGE_FUZZ_SECONDS=$(FUZZ_SECONDS) nice $(TESTS) --no-parallel --filter 'FuzzTests'

test-mutants: packages
	@$(OPEN_FILES) python3 Tests/Mutants/mutants.py $(MUTANTS)

test-service: packages
	swift build --build-tests
	@$(OPEN_FILES) $(PLAIN) $(KEEP_SUDO) $(TESTS) --filter '$(SERVICE)'

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

# Reports what a newcomer may be missing before anything is built.
ready:
	@fail() { printf '%s\n' "$$@" >&2; exit 1; }; \
	version=$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1); \
	[ -n "$$version" ] || fail 'swift is not on your PATH.' 'fix  install Swift 6.2 or newer (https://www.swift.org/install/linux), or add its directory to PATH'; \
	[ "$$(printf '%s\n' 6.2 "$$version" | sort -V | head -n 1)" = 6.2 ] || fail "Swift 6.2 or newer is needed; this is $$version." 'fix  https://www.swift.org/install/linux'; \
	command -v apt-get >/dev/null || fail 'apt-get is missing: this Makefile installs what it needs on Debian 12 and 13 and on Ubuntu.' 'fix  run it on one of these'; \
	[ "$$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "$$(id -un) is not root, and sudo is not installed." 'fix  run make as root, or as root: apt-get install sudo && adduser '"$$(id -un)"' sudo'; \
	[ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; } || fail "$$(id -un) may not use sudo here." 'fix  run make as root, or in a terminal as a user who may use sudo'

packages: ready
	@missing=$$(for deb in $(DEBS); do dpkg-query -W -f '$${db:Status-Abbrev}' $$deb 2>/dev/null | grep -q '^.i' || echo $$deb; done); \
	if [ -n "$$missing" ]; then echo "installing $$missing" | tr '\n' ' '; echo; \
	  $(ROOT) apt-get -q -o DPkg::Lock::Timeout=300 update && $(ROOT) env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends $$missing; \
	  case "$$missing" in *docker-registry*) $(ROOT) systemctl disable --now docker-registry 2>/dev/null || true;; esac; fi

# wrk sends the requests; the service's packages and models are made in the cache the first time.
benchmark-service: DEBS := python3 python3-venv python3-pip util-linux wrk
benchmark-service: packages
	python3 Tests/ServiceBenchmark/benchmark.py

build: packages
	swift build --product kubeforge

# A new tag changes no file, so .ci/version is touched to run again. generate-manual is a tool of swift-argument-parser. The manual has the
# date of the commit, and the program no hashes of the compiler's inputs: two builds of one commit are identical.
dist: packages
	@touch .ci/version
	swift build $(RELEASE) --product kubeforge
	swift build $(RELEASE) --product generate-manual
	@rm -rf $(DIST) && mkdir -p $(DIST)
	strip --strip-all -R .swift_modhash -R .note.gnu.build-id -o $(DIST)/kubeforge .build/release/kubeforge
	for shell in bash zsh fish; do $(DIST)/kubeforge --generate-completion-script $$shell > $(DIST)/kubeforge.$$shell; done
	.build/release/generate-manual $(DIST)/kubeforge --output-directory $(DIST) \
	  --date "$$(git log -1 --format=%cs 2>/dev/null || date +%F)"

install: dist
	@$(PLACE); put() { $$as install -D -m "$$1" "$(DIST)/$$2" "$(DESTDIR)$$3"; }; set -e; \
	put 755 kubeforge $(PREFIX)/bin/kubeforge; \
	put 644 kubeforge.bash $(PREFIX)/share/bash-completion/completions/kubeforge; \
	put 644 kubeforge.zsh $(ZSH_COMPLETIONS)/_kubeforge; \
	put 644 kubeforge.fish $(PREFIX)/share/fish/vendor_completions.d/kubeforge.fish; \
	put 644 kubeforge.1 $(PREFIX)/share/man/man1/kubeforge.1; \
	put 644 ../../LICENSE $(PREFIX)/share/doc/kubeforge/copyright
	@echo 'installed $(DESTDIR)$(PREFIX)/bin/kubeforge, its completions and its manual'

uninstall:
	@$(PLACE); $$as rm -f -- $(INSTALLED:%='$(DESTDIR)$(PREFIX)/%') '$(DESTDIR)$(ZSH_COMPLETIONS)/_kubeforge'
	@$(PLACE); [ ! -d '$(DESTDIR)$(PREFIX)/share/doc/kubeforge' ] || $$as rmdir -- '$(DESTDIR)$(PREFIX)/share/doc/kubeforge'

down:
	$(KUBEFORGE) lab down inventory/lab.yaml
