# How the ten stages are built: once from the answers in solutions/ (the
# reference), once from the student's files in stages/, once from the answers
# with the host's own C library for valgrind. Programs of a tree stand in
# build/TREE/, objects and libraries in build/TREE/obj/.

STAGES := 01-fork-exec 02-wait-zombies 03-signals 04-ipc 05-scheduling \
	06-user-uts-ipc 07-pid-mount 08-net-time 09-cgroups 10-pivot-root

# program and student files of each stage
PROGRAM_01-fork-exec := spawn
ANSWERS_01-fork-exec := spawn.c
PROGRAM_02-wait-zombies := reap
ANSWERS_02-wait-zombies := reap.c
PROGRAM_03-signals := supervise
ANSWERS_03-signals := signals.c
PROGRAM_04-ipc := ipc
ANSWERS_04-ipc := pipes.c sockets.c shared.c
PROGRAM_05-scheduling := schedule
ANSWERS_05-scheduling := schedule.c
PROGRAM_06-user-uts-ipc := userns
ANSWERS_06-user-uts-ipc := clone.c user.c uts.c
PROGRAM_07-pid-mount := pidns
ANSWERS_07-pid-mount := init.c mounts.c
PROGRAM_08-net-time := netns
ANSWERS_08-net-time := network.c clock.c
PROGRAM_09-cgroups := cgroup
ANSWERS_09-cgroups := cgroup.c
PROGRAM_10-pivot-root := box
ANSWERS_10-pivot-root := root.c harden.c container.c

PROGRAMS := $(foreach s,$(STAGES),$(PROGRAM_$s))
STUDENT_FILES := $(foreach s,$(STAGES),$(addprefix $s/,$(ANSWERS_$s)))

# What the machine is, the makes of the student's loop hear from the first one
# (KIT_...): asking takes as long as all else they do when nothing has changed.

# A handout (make handout) has the answers only as libraries, for each kind of
# machine: solutions/MACHINE/STAGE.a.
HANDOUT := $(if $(wildcard solutions/*/*.c),,yes)
MACHINE := $(or $(KIT_MACHINE),$(shell uname -m))

# musl's compiler driver where there is one; a distribution whose C library is
# musl needs none.
ifeq ($(origin MUSL_CC),undefined)
MUSL_CC := $(shell command -v musl-gcc || echo cc)
endif
MULTIARCH := $(or $(KIT_MULTIARCH),$(shell gcc -print-multiarch 2>/dev/null))
# The kernel's headers come last: they belong to the other C library.
KERNEL_HEADERS := -idirafter /usr/include \
	$(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH))

WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wno-format-zero-length
# Quoted includes alone: <spawn.h> is the C library's.
INCLUDES := -iquote stages/common $(addprefix -iquote stages/,$(STAGES))
CFLAGS_COMMON := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(INCLUDES) \
	-ffunction-sections -fdata-sections -MMD -MP $(WERROR:%=-Werror)

# -fPIE: what is handed out is linked elsewhere, where that may be the default.
CC_reference := $(MUSL_CC)
CFLAGS_reference := -O2 -fPIE $(KERNEL_HEADERS)
LDFLAGS_reference := -static -s -Wl,--gc-sections -Wl,-z,noseparate-code
FROM_reference := solutions

CC_student := $(MUSL_CC)
CFLAGS_student := -O1 -g $(KERNEL_HEADERS)
LDFLAGS_student := -static -Wl,--gc-sections
FROM_student := stages
# What the compiler says of a student's file stands beside its object, so that a
# warning can be told again until it is mended.
SAID_student = $$([ -t 2 ] && [ -z "$${NO_COLOR-}" ] && \
	echo -fdiagnostics-color=always) 2>$@.said || { cat $@.said >&2; exit 1; }

CC_glibc := gcc
CFLAGS_glibc := -O1 -g
# System calls that valgrind does not know are replaced by ones that it does.
LDFLAGS_glibc = $B/glibc/obj/standins.o -Wl,--wrap=syscall -lm
FROM_glibc := solutions

$B/glibc/obj/standins.o: tests/valgrind/standins.c
	@mkdir -p $(@D)
	$(call run,CC,$(CC_glibc) $(CFLAGS_COMMON) $(CFLAGS_glibc) -c -o $@ $<)
$(PROGRAMS:%=$B/glibc/%): $B/glibc/obj/standins.o

# one short line for each file; V=1 shows the whole command, QUIET=1 nothing
run = $(if $V,,@$(if $(QUIET),,echo '  $1 $@';)) $2

# given SOURCES of stage $1: all that stands there but main.c and the answers
given = $(filter-out main.c $(ANSWERS_$1),$(notdir $(wildcard stages/$1/*.c)))
# objects of stage $2 in tree $1, without main.o
modules = $(patsubst %.c,$B/$1/obj/$2/%.o,$(ANSWERS_$2) $(call given,$2))
COMMON_SOURCES := $(notdir $(wildcard stages/common/*.c))

# stage $2 in tree $1: objects, one library of the modules, the program; $3:
# the stages up to and with this one, latest first, as the linker wants them
define STAGE_RULES
$B/$1/obj/$2/%.o: $(FROM_$1)/$2/%.c
	@mkdir -p $$(@D)
	$$(call run,CC,$$(CC_$1) $$(CFLAGS_COMMON) $$(CFLAGS_$1) -c -o $$@ $$< \
		$$(SAID_$1))

ifneq ($(FROM_$1),stages)
$(patsubst %.c,$B/$1/obj/$2/%.o,main.c $(call given,$2)): \
$B/$1/obj/$2/%.o: stages/$2/%.c
	@mkdir -p $$(@D)
	$$(call run,CC,$$(CC_$1) $$(CFLAGS_COMMON) $$(CFLAGS_$1) -c -o $$@ $$<)
endif

$B/$1/obj/$2.a: $(call modules,$1,$2)
	@rm -f $$@
	$$(call run,AR,ar rcs $$@ $$^)

$B/$1/$(PROGRAM_$2): $B/$1/obj/$2/main.o \
		$(foreach s,$3,$B/$1/obj/$s.a) $B/$1/obj/common.a
	$$(call run,LD,$$(CC_$1) -o $$@ $$(filter %main.o %.a,$$^) $$(LDFLAGS_$1))

-include $(wildcard $B/$1/obj/$2/*.d)
endef

define TREE_RULES
$B/$1/obj/common/%.o: stages/common/%.c
	@mkdir -p $$(@D)
	$$(call run,CC,$$(CC_$1) $$(CFLAGS_COMMON) $$(CFLAGS_$1) -c -o $$@ $$<)

$B/$1/obj/common.a: $(COMMON_SOURCES:%.c=$B/$1/obj/common/%.o)
	@rm -f $$@
	$$(call run,AR,ar rcs $$@ $$^)

-include $(wildcard $B/$1/obj/common/*.d)

.PHONY: $1-programs
$1-programs: $(PROGRAMS:%=$B/$1/%)
endef

# the list $1 backwards
reverse = $(if $1,$(call reverse,$(wordlist 2,99,$1)) $(firstword $1))
# the stages up to and with $1, latest first
up_to = $(call reverse,$(call take,$1,$(STAGES)))
take = $(if $2,$(firstword $2) $(if $(filter $1,$(firstword $2)),,$(call \
	take,$1,$(wordlist 2,99,$2))))

# Make comes to this rule where there is no source.
define LIBRARY_RULES
$B/reference/obj/$1/%.o: solutions/$(MACHINE)/$1.a
	@mkdir -p $$(@D)
	$$(call run,AR,ar p $$< $$(@F) >$$@)
endef

TREES := reference student $(if $(HANDOUT),,glibc)
$(foreach t,$(TREES),$(eval $(call TREE_RULES,$t)))
$(foreach t,$(TREES),$(foreach s,$(STAGES),$(eval \
	$(call STAGE_RULES,$t,$s,$(call up_to,$s)))))

ifneq ($(HANDOUT),)
$(foreach s,$(STAGES),$(eval $(call LIBRARY_RULES,$s)))
ifeq ($(wildcard solutions/$(MACHINE)/*.a),)
$(STAGES:%=solutions/$(MACHINE)/%.a): other-machine
.PHONY: other-machine
other-machine:
	@echo "this handout is for $(patsubst solutions/%/01-fork-exec.a,%,\
	$(wildcard solutions/*/01-fork-exec.a)), this machine is $(MACHINE): \
	ask your teacher for one that is for it" >&2; exit 1
endif
endif
