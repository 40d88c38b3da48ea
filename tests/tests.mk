# The harness, the gates, and what runs them.

HARNESS := $(notdir $(wildcard tests/harness/*.c))
GATES := $(patsubst tests/gates/%.c,%,$(sort $(wildcard tests/gates/*.c)))
# the reference modules, latest first, without the programs' main()
REFERENCE_LIBS := $(foreach s,$(call reverse,$(STAGES)),\
	$B/reference/obj/$s.a) $B/reference/obj/common.a
CFLAGS_TESTS := -O1 -g $(KERNEL_HEADERS) -Itests/harness

$B/tests/obj/%.o: tests/harness/%.c
	@mkdir -p $(@D)
	$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TESTS) -c -o $@ $<)

$B/tests/obj/%.o: tests/gates/%.c
	@mkdir -p $(@D)
	$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TESTS) -c -o $@ $<)

$B/tests/probe: tests/probe/probe.c
	@mkdir -p $(@D)
	$(call run,LD,$(MUSL_CC) $(CFLAGS_COMMON) -Os -static -s -o $@ $<)

$B/tests/gates/%: $B/tests/obj/%.o $(HARNESS:%.c=$B/tests/obj/%.o) \
		$(REFERENCE_LIBS)
	@mkdir -p $(@D)
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static)

-include $(wildcard $B/tests/obj/*.d $B/tests/*.d)

.PHONY: gates
gates: $(GATES:%=$B/tests/gates/%) $B/tests/probe
