# What looks at the machine and at box: doctor, demo, bench.

comma := ,
TOOL_LIBS := $(REFERENCE_LIBS)
DOCTOR := $(notdir $(wildcard tests/doctor/*.c))
BENCH := $(filter-out floor.c,$(notdir $(wildcard tests/bench/*.c)))
CFLAGS_TOOLS := -O2 $(KERNEL_HEADERS) -Itests/harness -Itests/tools

define TOOL_RULES
$B/tests/obj/$1/%.o: tests/$1/%.c
	@mkdir -p $$(@D)
	$$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TOOLS) -c -o $$@ $$<)

-include $(wildcard $B/tests/obj/$1/*.d)
endef
$(foreach d,tools doctor bench demo,$(eval $(call TOOL_RULES,$d)))

$B/tests/bench: $(BENCH:%.c=$B/tests/obj/bench/%.o) \
		$B/tests/obj/tools/paint.o $B/tests/obj/process.o $(TOOL_LIBS)
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static -s -Wl$(comma)--gc-sections)

$B/tests/floor: $B/tests/obj/bench/floor.o
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static -s -Wl$(comma)--gc-sections)


