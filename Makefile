# SPDX-License-Identifier: GPL-2.0
# KVM_CRSTAT_CACHE names the folder of downloads; see selftests/vm/README.md.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.1 6.12
VENDOR ?= amd
PREFIX ?= /usr/local
TOOLS := crstat crgen

BUILD := $(CURDIR)/build
vm := $(CURDIR)/selftests/vm
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
module_dir = $(BUILD)/modules/$(release)
# Debian's headers may ship a vmlinux that asks for pahole; BTF isn't needed.
btf = $(if $(and $(wildcard $(KDIR)/vmlinux),$(shell command -v pahole)),, \
	CONFIG_DEBUG_INFO_BTF_MODULES=)
manuals = $(wildcard module/*.[1-8] tools/*/*.[1-8])

Q := $(if $(filter 1,$(V)),,@)
MAKEFLAGS += --no-print-directory

help:
	@echo 'make TARGET [V=1 shows the commands]'
	@echo
	@echo '  demo       watch a Linux guest boot, in a VM of its own'
	@echo '  check      run all tests on the kernels KERNEL="$(KERNEL)"'
	@echo '             on the machine VENDOR=$(VENDOR) (or amd-decode, amd-la57,'
	@echo '             amd-smp, intel, intel-apicv)'
	@echo '  check-all  the same on every kernel that is supported'
	@echo '  check-debug  the same on one built to find mistakes'
	@echo '  mutants    small mistakes in the module, each to be caught by a test'
	@echo '  bench      what it costs, in instructions, on the first of KERNEL'
	@echo '             CHECK=1: quickly, against what is recorded'
	@echo '  cases      known problems of CR0, CR4 and CR8, asserted (CASES: some)'
	@echo '  survey     what firmware, loaders and kernels do (GUESTS: some)'
	@echo '  check-bare  what README says, in bare roots of Debian 12 and 13 (as root)'
	@echo '  check-tools  tests of tools, packages and Prometheus, without a VM'
	@echo '  lint       compiler warnings, sparse, style, shell, spelling'
	@echo
	@echo '  modules    build kvm_crstat.ko for the kernel built in KDIR'
	@echo '             (default: the running kernel)'
	@echo '  tools      build $(TOOLS)'
	@echo '  selftests  build the tests; to run them on this machine, as root:'
	@echo '             make -C selftests run_tests'
	@echo '  install    module of KDIR, tools and manuals (PREFIX, DESTDIR)'
	@echo '  uninstall'
	@echo '  dkms-install  the module for all kernels with headers, by DKMS'
	@echo '  dkms-uninstall'
	@echo '  deb        Debian packages, in build/deb'
	@echo '  clean      remove build/ (what was downloaded stays cached)'
	@echo
	@echo 'demo, check and lint need neither KVM nor the module loaded here.'
	@echo 'Missing packages are installed where that is allowed, else named.'

modules: kdir
	$(Q)mkdir -p $(module_dir)/module
	$(Q)find $(module_dir) -xtype l -delete
	$(Q)ln -sfn $(CURDIR)/include $(CURDIR)/Kbuild $(module_dir)
	$(Q)ln -sf $(CURDIR)/module/*.[ch] $(module_dir)/module
	$(Q)$(MAKE) -C $(KDIR) M=$(module_dir) $(btf) modules
	$(Q)echo '$(module_dir:$(CURDIR)/%=%)/kvm_crstat.ko'

kdir:
	$(Q)test -n '$(release)' || { echo >&2 'no built kernel in $(KDIR):' \
		'apt-get install linux-headers-$$(uname -r), or KDIR=DIR'; exit 1; }

tools: $(TOOLS)

$(TOOLS):
	$(Q)mkdir -p $(BUILD)/tools
	$(Q)$(MAKE) $(if $(Q),-s) -C tools/$@ O=$(BUILD)/tools

selftests:
	$(Q)$(MAKE) -C selftests bundle

demo check:
	$(Q)KERNEL='$(KERNEL)' VENDOR='$(VENDOR)' $(vm)/packages install $@
	$(Q)KERNEL='$(KERNEL)' VENDOR='$(VENDOR)' TESTS='$(TESTS)' HOOK='$(HOOK)' $(vm)/$@

# On the machines that they name: Bochs, too.
cases:
	$(Q)VENDOR=intel $(vm)/packages install check
	$(Q)CASES='$(CASES)' $(vm)/$@

survey:
	$(Q)$(vm)/packages install check
	$(Q)KERNEL='$(firstword $(KERNEL))' GUESTS='$(GUESTS)' $(vm)/$@

check-all:
	$(Q)$(MAKE) check KERNEL=all

check-debug:
	$(Q)$(MAKE) check KERNEL=debug

mutants:
	$(Q)KERNEL='6.1 7' VENDOR=intel $(vm)/packages install check
	$(Q)selftests/mutants/run $(NAMES)

check-bare:
	$(Q)$(vm)/packages install $@
	$(Q)TESTS='$(TESTS)' QUICK='$(QUICK)' FULL='$(FULL)' $(vm)/bare

check-tools:
	$(Q)$(vm)/packages install $@
	$(Q)selftests/tools/check

lint:
	$(Q)$(vm)/packages install $@
	$(Q)KERNEL='$(KERNEL)' tools/lint

bench:
	$(Q)$(vm)/packages install $(if $(CHECK),check,bench)
	$(Q)selftests/bench/run $(if $(CHECK),--check) $(if $(RECORD),--record) \
		$(firstword $(KERNEL))

include tools/install.mk

clean:
	$(Q)rm -rf $(BUILD)

.PHONY: help modules kdir tools $(TOOLS) selftests demo check cases survey \
	check-all check-debug check-bare check-tools mutants bench lint clean
