# Other answers, right and wrong, and the starters: make -f this file, so that
# nobody else has to read all these rules.

B := build
include stages/build.mk
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# STAGE=NN-name: of this stage alone
JUDGED := $(or $(STAGE),$(STAGES))
answers_of = starter reference $(patsubst tests/answers/$1/%,%,\
	$(wildcard tests/answers/$1/right/*)) $(patsubst \
	tests/answers/$1/%.patch,%,$(wildcard tests/answers/$1/wrong/*.patch))
sources_of = $(if $(filter right/%,$2),$(wildcard tests/answers/$1/$2/*.c),\
	$(if $(filter wrong/%,$2),tests/answers/$1/$2.patch,\
	tests/tools/starter.awk))

.PHONY: all
all: $(foreach s,$(JUDGED),$(addsuffix /built,$(addprefix \
	$B/answers/$s/,$(call answers_of,$s))))

# $1: stage, $2: answer. -O1, as a student's
define ANSWER_RULE
$B/answers/$1/$2/built: $(call sources_of,$1,$2) tests/answers/build.sh \
		$(wildcard solutions/$1/*.c) $B/reference/$(PROGRAM_$1) \
		$(wildcard $B/tests/obj/drivers/$1.o)
	@echo '  CC $B/answers/$1/$2'
	@CC='$(CC_reference)' CFLAGS='$(CFLAGS_COMMON) $(CFLAGS_reference) -O1' \
		LDFLAGS='$(LDFLAGS_reference)' PROGRAM=$(PROGRAM_$1) \
		LIBS='$(foreach s,$(call up_to,$1),$B/reference/obj/$s.a) \
		$B/reference/obj/common.a' sh tests/answers/build.sh $B $1 $2
endef
$(foreach s,$(JUDGED),$(foreach a,$(call answers_of,$s),$(eval \
	$(call ANSWER_RULE,$s,$a))))
