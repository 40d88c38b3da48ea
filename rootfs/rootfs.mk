# rootfs.mk - rules for the root filesystem and the VM; included by the
# top-level Makefile, which sets B (the build directory).

files_below = $1 $(foreach f,$(wildcard $1/* $1/.[!.]*),$(call files_below,$f))
ROOTFS_SKELETON := $(call files_below,rootfs/skeleton)

.PHONY: deps vm

deps: ##m install what is missing, or say how
	@rootfs/deps.sh

# The stamp stands beside the tree: inside it would be part of the tree.
$B/rootfs.stamp: rootfs/make-rootfs.sh rootfs/find-busybox.sh \
		$(ROOTFS_SKELETON) \
		$(if $(wildcard $B/rootfs/bin/busybox),,FORCE)
	@rootfs/make-rootfs.sh $B/rootfs
	@touch $@

# fetch-kernel.sh leaves a complete result alone, so that asking it again,
# which KERNEL=PATH makes us do, costs nothing.
$B/vm/vmlinuz: $(if $(KERNEL),FORCE)
	@rootfs/fetch-kernel.sh $B/vm
.PHONY: FORCE

MUSL_CC ?= $(shell command -v musl-gcc || echo cc)
$B/vm/pid1: rootfs/pid1.c
	@mkdir -p $(@D)
	@$(MUSL_CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(WERROR:%=-Werror) \
		-Os -static -s -o $@ $<

$B/vm/initramfs.cpio: rootfs/make-initramfs.sh rootfs/pack.sh rootfs/init \
		$B/rootfs.stamp $B/vm/pid1 $B/vm/vmlinuz
	@rootfs/make-initramfs.sh $@ $B/rootfs $B/vm

# make vm: a root shell.  make vm CMD='...': one command, whose output and
# exit status are the VM's; make itself can only end with 0 or 2, and says
# "Error STATUS".  rootfs/vm.sh -- '...' ends with the exact status.
# $(value) keeps make from expanding a $ that is meant for the guest's shell;
# a CMD that only the environment has is not meant for us.
vm: own = $B/$(if $(UNLOCK),unlocked,student)
vm: export VM_CMD := $(if $(filter command,$(origin CMD)),$(value CMD))
vm: $B/vm/initramfs.cpio ##m a shell in the VM with your programs, or CMD='...'
	@VMDIR=$B/vm rootfs/vm.sh $(foreach p,$(wildcard \
		$(PROGRAMS:%=$(own)/%)),--add $p:/bin/$(notdir $p)) \
		$${VM_CMD:+-- "$$VM_CMD"}
