# Every command of the course. `make help` lists them.

B := build
.DELETE_ON_ERROR:
# None of them is used, and looking for each file by all of them is three quarters
# of what make takes when there is nothing to do.
MAKEFLAGS += --no-builtin-rules
# What is made on the way to something is kept: it need not be made again.
.SECONDARY:
.DEFAULT_GOAL := loop
# With it cd(1) says where it has gone to, among a script's own words.
unexport CDPATH

include stages/build.mk
include rootfs/rootfs.mk
include tests/tests.mk
include tests/tools.mk
include tests/loop/loop.mk
include tests/book/book.mk
# A handout is without these.
include $(wildcard tests/kit.mk tests/grade/grade.mk tests/export/export.mk \
	tests/gradebook/gradebook.mk tests/handout/handout.mk)

.PHONY: help reference clean

help: ##k print this list
	@awk -F ':.*##' '\
		function part(mark, title) { \
			printf "%s\n\n%s\n", title, lines[mark] } \
		/^[a-z][a-zN-]*:.*##[ymk] / { mark = substr($$2, 1, 1); \
			lines[mark] = lines[mark] sprintf("  make %-12s %s\n", \
			$$1, substr($$2, 3)) } \
		END { part("y", "Your way through the stages"); \
			part("m", "Your machine"); part("k", "The kit") }' \
		$(MAKEFILE_LIST) | sed 's/^  make loop  /  make       /'

reference: reference-programs $B/rootfs.stamp ##k build the kit's own programs and build/rootfs

# Progress is what a person has done: it goes only with all of it.
clean: ##k remove build/; KEEP=1 keeps your progress
	rm -rf $(if $(KEEP),$(filter-out $B/progress $B/hints,$(wildcard $B/*)),$B)

ifneq ($(HANDOUT),)
TEACHERS := test answers soak starters pictures grade graded gradebook export \
	gradescope hostile handout bench-grade
.PHONY: $(TEACHERS)
$(TEACHERS):
	@echo "make $@: this is a handout, and that takes the whole kit, which \
	your teacher has" >&2; exit 2
endif
