# Grading: what the grader needs beside what judges.

# A root file system for compilers, and of the kit its headers alone. What is
# built there sees no answer and no test.
GRADE_HEADERS := $(wildcard stages/*/*.h)
CFLAGS_GRADE := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -iquote /kit/common \
	$(addprefix -iquote /kit/,$(STAGES)) -ffunction-sections \
	-fdata-sections -O1 $(KERNEL_HEADERS)

$B/grade/root.stamp: tests/grade/system.sh tests/grade/grade.mk
	@mkdir -p $(@D)
	@sh tests/grade/system.sh $(@D)/root $(CC_student)
	@cd $(@D)/root && mkdir kit libraries src out tmp proc sys dev && \
		: >main.o
	@touch $@

$B/grade/headers.stamp: $(GRADE_HEADERS) tests/grade/grade.mk
	@rm -rf $(@D)/headers
	@for header in $(GRADE_HEADERS); do \
		to=$(@D)/headers/$${header#stages/}; \
		mkdir -p $${to%/*} && cp $$header $$to || exit 1; done
	@touch $@

# How each stage is built: program, libraries and the student's files.
$B/grade/stages: stages/build.mk tests/grade/grade.mk
	@mkdir -p $(@D)
	@{ $(foreach s,$(STAGES),echo '$s $(PROGRAM_$s) $(ANSWERS_$s)';) } >$@

# The tests that there are.
$B/grade/planned: $(GATES:%=$B/tests/gates/%) tests/grade/planned.jq tests/grade/grade.mk
	@mkdir -p $(@D)
	@for stage in $(STAGES); do \
		$B/tests/gates/$$stage --list | jq -Rc --arg stage $$stage \
			-f tests/grade/planned.jq || exit 1; done >$@

$B/grade/collect: $B/tests/obj/grade/collect.o $(TOOL_LIBS)
	@mkdir -p $(@D)
	$(call run,LD,$(LINK_TOOL))
$(eval $(call TOOL_RULES,grade))

GRADER = CC='$(CC_student)' CFLAGS='$(CFLAGS_GRADE)' \
	LDFLAGS='$(LDFLAGS_student)'

.PHONY: grader grade
# Who grades while it is called finds the line whole; it is written when it has
# changed.
grader: reference gates tools $B/grade/root.stamp $B/grade/headers.stamp \
	$B/grade/stages $B/grade/planned $B/grade/collect $B/vm/initramfs.cpio
	@kit=$$(sh tests/grade/kit.sh $B) && \
		{ [ "$$kit" = "$$(cat $B/grade/kit 2>/dev/null)" ] || \
		{ echo "$$kit" >$B/grade/kit.$$$$ && \
		mv $B/grade/kit.$$$$ $B/grade/kit; }; }

# SEED=N: the names and numbers of a grading that was. Names of folders are nothing
# that make or a shell is to read anything in.
grade: export override SUBMISSION := $(value SUBMISSION)
grade: export override OUT := $(value OUT)
grade: grader ##k SUBMISSION=DIR OUT=DIR [STAGE=NN]: points for somebody's files
	$(if $(value SUBMISSION),,$(error SUBMISSION=DIR is needed))
	$(if $(value OUT),,$(error OUT=DIR is needed))
	@$(GRADER) SEED='$(SEED)' exec sh tests/grade/grade.sh $B \
		"$$SUBMISSION" "$$OUT" $(ARGUMENT)

# NAME=CASE...: of these alone
.PHONY: hostile
hostile: grader ##k what hostile submissions score
	@$(GRADER) sh tests/hostile/check.sh $B $(NAME)

# STAGE[/ANSWER]... in NAME, or of each stage one wrong answer
.PHONY: graded
graded: grader answers ##k what other answers get from make grade
	@$(GRADER) sh tests/answers/graded.sh $B $(NAME)

# N='10 100': submissions; STAGE=NN: of one stage
.PHONY: bench-grade
bench-grade: grader ##k what it costs to grade a class of N
	@$(GRADER) sh tests/bench/grade.sh $B '$(or $(N),2)' $(ARGUMENT)
