# SPDX-License-Identifier: GPL-2.0
# Installing: by hand, by DKMS, as Debian packages. The top Makefile includes it.
VERSION := $(shell sed -n 's/^\#define CRS_VERSION "\(.*\)"/\1/p' \
	include/kvm_crstat.h)

datadir = $(PREFIX)/share
UNITDIR ?= $(PREFIX)/lib/systemd/system
docdir = $(datadir)/doc/kvm-crstat
# MODE:FILE:TARGET of all but the module.
tool_files = \
	$(foreach tool,$(TOOLS),755:$(BUILD)/tools/$(tool):$(PREFIX)/bin/$(tool)) \
	755:tools/fleet/crstat-textfile:$(PREFIX)/bin/crstat-textfile \
	$(foreach page,$(manuals),644:$(page):$(datadir)/man/man$(subst \
		.,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach tool,$(TOOLS),644:tools/$(tool)/$(tool).bash:$(strip \
		)$(datadir)/bash-completion/completions/$(tool)) \
	$(foreach unit,$(notdir $(wildcard tools/fleet/*.service \
		tools/fleet/*.timer)),644:tools/fleet/$(unit):$(UNITDIR)/$(unit)) \
	$(foreach file,$(notdir $(wildcard tools/fleet/*.yml \
		tools/fleet/*.json)),644:tools/fleet/$(file):$(strip \
		)$(docdir)/examples/$(file)) \
	644:tools/fleet/README.md:$(docdir)/fleet.md \
	644:tools/crstat/crstat.schema.json:$(docdir)/crstat.schema.json
installed_module = $(DESTDIR)/lib/modules/$(release)/extra/kvm_crstat.ko
dkms_source = $(DESTDIR)/usr/src/kvm-crstat-$(VERSION)
deb_source = $(BUILD)/deb/kvm-crstat-$(VERSION)

install: install-module install-tools

install-module: modules
	$(Q)install -D -m 644 $(module_dir)/kvm_crstat.ko $(installed_module)
	$(Q)test -n '$(DESTDIR)' || depmod $(release)

install-tools: tools
	$(Q)for file in $(tool_files); do \
		IFS=:; set -- $$file; \
		install -D -m $$1 $$2 '$(DESTDIR)'$$3 || exit; done

uninstall: uninstall-tools uninstall-module

# Without the kernel's headers there is no telling where the module would be.
uninstall-module:
	$(Q)test -n '$(release)' || { echo >&2 'no built kernel in $(KDIR):' \
		'its module, if any, stays; KDIR=DIR names another'; exit 1; }
	$(Q)rm -f $(installed_module)
	$(Q)test -n '$(DESTDIR)' || depmod $(release)

# Folders that are not the project's own may be others' tomorrow: they stay.
uninstall-tools:
	$(Q)for file in $(tool_files); do rm -f '$(DESTDIR)'$${file##*:}; done
	$(Q)for folder in $(docdir)/examples $(docdir); do \
		test ! -d '$(DESTDIR)'$$folder || rmdir '$(DESTDIR)'$$folder; done

dkms-source:
	$(Q)install -D -m 644 -t $(dkms_source) Kbuild
	$(Q)install -D -m 644 -t $(dkms_source)/include include/*.h
	$(Q)install -D -m 644 -t $(dkms_source)/module module/*.[ch]
	$(Q)sed 's/#MODULE_VERSION#/$(VERSION)/' tools/dkms/dkms.conf \
		>$(dkms_source)/dkms.conf

# For the kernels whose headers are there; what was installed before goes.
dkms-install:
	$(Q)! dkms status kvm-crstat/$(VERSION) | grep -q . || \
		dkms remove kvm-crstat/$(VERSION) --all
	$(Q)$(MAKE) dkms-source
	$(Q)dkms add kvm-crstat/$(VERSION)
	$(Q)for build in /lib/modules/*/build/; do \
		kernel=$${build%/build/}; \
		dkms install kvm-crstat/$(VERSION) -k $${kernel##*/} || exit; done

dkms-uninstall:
	$(Q)dkms remove kvm-crstat/$(VERSION) --all
	$(Q)rm -r $(dkms_source)

# The packages are built of a copy, so that debian/ need not be at the top.
deb:
	$(Q)$(vm)/packages install $@
	$(Q)rm -rf $(BUILD)/deb
	$(Q)mkdir -p $(deb_source)
	$(Q)cp -a Kbuild Makefile include module tools $(deb_source)
	$(Q)mv $(deb_source)/tools/debian $(deb_source)/debian
	$(Q)cd $(deb_source) && debian/make-changelog $(VERSION) \
		$$(git -C $(CURDIR) log -1 --format=%ct 2>/dev/null) >debian/changelog
	$(Q)cd $(deb_source) && env -u MAKEFLAGS -u MAKELEVEL \
		dpkg-buildpackage --build=binary --no-sign >$(BUILD)/deb/log 2>&1 || \
		{ cat $(BUILD)/deb/log >&2; exit 1; }
	$(Q)cd $(BUILD)/deb && ls -1 *.deb | sed 's|^|build/deb/|'

.PHONY: install install-module install-tools uninstall uninstall-module \
	uninstall-tools dkms-source dkms-install dkms-uninstall deb
