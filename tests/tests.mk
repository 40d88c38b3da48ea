# The harness, the gates, and what runs them.

# but what judges one of them
HARNESS := $(filter-out test-%,$(notdir $(wildcard tests/harness/*.c)))
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

$B/tests/obj/probe/%.o: tests/probe/%.c
	@mkdir -p $(@D)
	$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) -Itests/tools -Os -c -o $@ $<)

$B/tests/probe: $(patsubst %.c,$B/tests/obj/%.o,$(patsubst \
		tests/%,%,$(wildcard tests/probe/*.c))) \
		$B/tests/obj/tools/listener.o
	$(call run,LD,$(MUSL_CC) -static -s -o $@ $(filter %.o,$^))

$B/tests/gates/%: $B/tests/obj/%.o $(HARNESS:%.c=$B/tests/obj/%.o) \
		$(REFERENCE_LIBS)
	@mkdir -p $(@D)
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static)

# What calls the modules of a stage in ways that its program does not; in the
# trees that are judged.
DRIVERS := $(patsubst tests/drivers/%.c,%,$(wildcard tests/drivers/*.c))

$B/tests/obj/drivers/%.o: tests/drivers/%.c
	@mkdir -p $(@D)
	$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TESTS) -c -o $@ $<)

define DRIVER_RULES
$B/$1/drivers/$2: $B/tests/obj/drivers/$2.o \
		$(foreach s,$(call up_to,$2),$B/$1/obj/$s.a) $B/$1/obj/common.a
	@mkdir -p $$(@D)
	$$(call run,LD,$$(CC_$1) -o $$@ $$^ $$(LDFLAGS_$1))
endef
$(foreach t,reference student,$(foreach d,$(DRIVERS),$(eval \
	$(call DRIVER_RULES,$t,$d))))

-include $(wildcard $B/tests/obj/*.d $B/tests/obj/drivers/*.d \
	$B/tests/obj/probe/*.d $B/tests/*.d)

# The matrix of failures: a gate of its own kind, with its own driver.
$B/tests/obj/faults/%.o: tests/faults/%.c
	@mkdir -p $(@D)
	$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TESTS) \
		-Itests/tools -c -o $@ $<)

$B/tests/faults: $B/tests/obj/faults/faults.o $B/tests/obj/faults/calls.o \
		$(HARNESS:%.c=$B/tests/obj/%.o) $(REFERENCE_LIBS)
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static)

$B/tests/inject: $B/tests/obj/faults/inject.o $B/tests/obj/faults/calls.o \
		$B/tests/obj/tools/listener.o
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static)

-include $(wildcard $B/tests/obj/faults/*.d)

.PHONY: gates
gates: $(GATES:%=$B/tests/gates/%) $B/tests/probe \
	$(DRIVERS:%=$B/reference/drivers/%) $B/tests/faults $B/tests/inject
