# Every command of the course. `make help` lists them.

B := build
.DELETE_ON_ERROR:
# What is made on the way to something is kept: it need not be made again.
.SECONDARY:
.DEFAULT_GOAL := loop

include stages/build.mk
include rootfs/rootfs.mk
include tests/tests.mk
include tests/tools.mk
include tests/loop/loop.mk

.PHONY: help reference test clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-12s %s\n", \
		$$1, $$2}' $(MAKEFILE_LIST)

reference: reference-programs $B/rootfs.stamp ## build the solutions and build/rootfs

test: reference glibc-programs gates tools answers $B/vm/initramfs.cpio ## judge all that the kit promises
	@sh tests/run.sh $B

# Progress is what a person has done: it goes only with all of it.
clean: ## remove build/; KEEP=1 keeps your progress
	rm -rf $(if $(KEEP),$(filter-out $B/progress $B/hints,$(wildcard $B/*)),$B)
