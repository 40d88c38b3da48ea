# The student's loop: build, judge, say the one next thing to do.

NUMBERS := $(foreach s,$(STAGES),$(firstword $(subst -, ,$s)))
# the stage whose number is $1, with or without its 0, or whose name; one word
stage_of = $(if $(or $(word 2,$1),$(findstring %,$1)),,$(or \
	$(filter $1,$(STAGES)),$(filter $1-% 0$1-%,$(STAGES))))
ARGUMENT = $(if $(STAGE),$(or $(call stage_of,$(STAGE)),$(error STAGE=$(STAGE): \
	no such stage; 01 to 10)))
LOOP = B=$B UNLOCK=$(UNLOCK) HANDOUT=$(HANDOUT) FILES='$(STUDENT_FILES)' \
	MUSL_CC='$(MUSL_CC)' KIT_MACHINE=$(MACHINE) KIT_MULTIARCH=$(MULTIARCH) \
	sh tests/loop

.PHONY: loop watch hint reset solution submission sandbox unlocked
loop: ##y judge your stages, say what is next; UNLOCK=1: in any order
	@$(LOOP)/loop.sh

CHECKS := $(NUMBERS:%=check-%) $(patsubst 0%,check-%,$(filter 0%,$(NUMBERS)))
.PHONY: $(CHECKS) check-NN check
check-NN: ##y one stage, 01 to 10, with all that its gate says
	@echo 'NN is a number: make check-03'
check:
	@echo 'make judges your stages, make check-03 one of them, make test the kit'
$(CHECKS): check-%:
	@$(LOOP)/check.sh $(call stage_of,$*)
check-%:
	@echo 'make $@: no such stage; 01 to 10' >&2; exit 2

watch: $B/tests/watch ##y the same as make, each time you save a file
	@$B/tests/watch stages -- $(MAKE) --no-print-directory loop

hint: ##y the next hint for the task you are at
	@$(LOOP)/hint.sh $(ARGUMENT)

reset: ##y STAGE=NN: your files of a stage as they were; yours are kept
	@$(LOOP)/reset.sh $(or $(ARGUMENT),$(error STAGE=NN is needed: make \
		reset STAGE=03))

solution: ##y STAGE=NN: how the kit does what you have passed
	@$(LOOP)/solution.sh $(or $(ARGUMENT),$(HANDOUT),$(error STAGE=NN is \
		needed: make solution STAGE=03))

submission: export override OUT := $(value OUT)
submission: ##y [STAGE=NN] [OUT=FILE]: your files in one, to hand in
	@$(LOOP)/submission.sh "$${OUT:-$B/submission.tar.gz}" $(ARGUMENT)

# Your programs, as they are now, where they can do no harm: what they see
# cannot be changed, or ends with the sandbox. They make containers in there, so
# nothing of /proc is covered, and root has all capabilities of that user
# namespace. `probe` and `driver`, the one that was built last, are there for
# what a failing test ran.
SANDBOX_TREE := $(if $(UNLOCK),unlocked,student)
sandbox: export SANDBOX_CMD := $(if $(filter command,$(origin CMD)),$(value CMD))
sandbox: $B/reference/box $B/rootfs.stamp ##y a shell for your own programs, or CMD='...'
	@mkdir -p $B/$(SANDBOX_TREE)
	-@$(MAKE) -s -k QUIET=1 $(if $(UNLOCK),$(PROGRAMS:%=$B/unlocked/%),\
		student-programs)
	@$B/reference/box run --read-only --cap-add all --no-mask \
		--hostname sandbox --net none --rlimit nproc=512 \
		--env PATH=/mnt:/bin:/sbin:/usr/bin:/usr/sbin --workdir /tmp \
		--volume $B/$(SANDBOX_TREE):/mnt:ro --tmpfs /tmp --tmpfs /root \
		$$(for file in $$(ls -t $B/$(SANDBOX_TREE)/drivers/* \
			2>/dev/null | head -n 1); do \
			echo "--volume $$file:/bin/driver:ro"; done) \
		$$([ ! -e $B/tests/probe ] || \
			echo "--volume $B/tests/probe:/bin/probe:ro") \
		$$([ -z "$$SANDBOX_CMD" ] && [ -t 0 ] && echo --tty) \
		$B/rootfs sh $${SANDBOX_CMD:+-c "$$SANDBOX_CMD"}

$B/tests/watch: $B/tests/obj/loop/watch.o $(TOOL_LIBS)
	$(call run,LD,$(LINK_TOOL))
$(eval $(call TOOL_RULES,loop))

# A verdict is made again when the program, or what judges it, has changed. It
# is there also when the gate says no; without a program there is none.
define VERDICT_RULES
$B/$1/verdicts/$2: $B/$1/$(PROGRAM_$2) $B/tests/gates/$2 $B/tests/probe \
		$B/tests/doctor $B/rootfs.stamp tests/judge.sh \
		$(if $(wildcard tests/drivers/$2.c),$B/$1/drivers/$2)
	@mkdir -p $$(@D)
	@[ ! -t 1 ] || printf 'judging $2 ...\r'
	@sh tests/judge.sh $B $2 $$@.jsonl $B/$1/$(PROGRAM_$2) \
		$(if $(wildcard tests/drivers/$2.c),$B/$1/drivers/$2) >$$@; \
		status=$$$$?; [ ! -t 1 ] || printf '%*s\r' 40 ''; \
		[ $$$$status -le 1 ] || { cat $$@; : >$$@.unjudged; exit 1; }
endef
$(foreach s,$(STAGES),$(eval $(call VERDICT_RULES,student,$s)))

# UNLOCK=1: a stage before whose own are not yet passed stands on those of the
# reference instead. Their programs come to another folder.
ours_before = $(foreach s,$(filter-out $1,$(call up_to,$1)),$B/$(call \
	open_tree,$s)/obj/$s.a)
open_tree = $(if $(wildcard $B/progress/$1),student,reference)
# Which are passed: new when that has changed, and not when one is judged again.
$B/unlocked/passed: FORCE
	@mkdir -p $(@D) $B/progress
	@ls $B/progress | cmp -s - $@ || ls $B/progress >$@
define UNLOCKED_RULES
$B/unlocked/$(PROGRAM_$1): $B/student/obj/$1/main.o $B/student/obj/$1.a \
		$(call ours_before,$1) $B/student/obj/common.a \
		$B/unlocked/passed
	@mkdir -p $$(@D)
	$$(call run,LD,$(MUSL_CC) -o $$@ $$(filter %main.o %.a,$$^) \
		$(LDFLAGS_student))

$B/unlocked/drivers/$1: $B/tests/obj/drivers/$1.o $B/student/obj/$1.a \
		$(call ours_before,$1) $B/student/obj/common.a \
		$B/unlocked/passed
	@mkdir -p $$(@D)
	$$(call run,LD,$(MUSL_CC) -o $$@ $$(filter %.o %.a,$$^) \
		$(LDFLAGS_student))
endef
ifneq ($(UNLOCK),)
$(foreach s,$(STAGES),$(eval $(call UNLOCKED_RULES,$s)))
$(foreach s,$(STAGES),$(eval $(call VERDICT_RULES,unlocked,$s)))
endif

# For editors: how each of your files is compiled, where the kit is now.
.PHONY: $B/compile_commands.json
$B/compile_commands.json:
	@mkdir -p $(@D)
	@{ comma='['; for file in $(STUDENT_FILES:%=stages/%); do \
		printf '%s\n{"directory":"%s","file":"%s","command":"%s"}' \
		"$$comma" "$(CURDIR)" "$$file" \
		"$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_student) -c $$file"; \
		comma=,; done; printf '\n]\n'; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
