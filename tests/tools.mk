# What looks at the machine and at box: doctor, demo, bench.

comma := ,
TOOL_LIBS := $(REFERENCE_LIBS)
DOCTOR := $(notdir $(wildcard tests/doctor/*.c))
BENCH := $(filter-out floor.c,$(notdir $(wildcard tests/bench/*.c)))
CFLAGS_TOOLS := -O2 $(KERNEL_HEADERS) -Itests/harness -Itests/tools
LINK_TOOL = $(MUSL_CC) -o $@ $^ -static -s -Wl$(comma)--gc-sections

define TOOL_RULES
$B/tests/obj/$1/%.o: tests/$1/%.c
	@mkdir -p $$(@D)
	$$(call run,CC,$(MUSL_CC) $(CFLAGS_COMMON) $(CFLAGS_TOOLS) -c -o $$@ $$<)

-include $(wildcard $B/tests/obj/$1/*.d)
endef
$(foreach d,tools doctor bench demo,$(eval $(call TOOL_RULES,$d)))

$B/tests/doctor: $(DOCTOR:%.c=$B/tests/obj/doctor/%.o) \
		$B/tests/obj/tools/paint.o $B/tests/obj/host.o \
		$B/tests/obj/seconds.o $(TOOL_LIBS)
	$(call run,LD,$(LINK_TOOL))

$B/tests/bench: $(BENCH:%.c=$B/tests/obj/bench/%.o) \
		$B/tests/obj/tools/paint.o $B/tests/obj/process.o \
		$B/tests/obj/seconds.o $(TOOL_LIBS)
	$(call run,LD,$(LINK_TOOL))

$B/tests/floor: $B/tests/obj/bench/floor.o
	$(call run,LD,$(LINK_TOOL))

$B/tests/measure: $B/tests/obj/demo/measure.o $B/tests/obj/process.o \
		$B/tests/obj/seconds.o $(TOOL_LIBS)
	$(call run,LD,$(LINK_TOOL))

.PHONY: tools doctor demo bench
tools: $(addprefix $B/tests/,doctor bench floor measure)

# Needs nothing but a compiler: it is to say what else is missing.
doctor: $B/tests/doctor ##m what this machine can run, why not, what mends it
	@$B/tests/doctor --build $B

demo: $B/reference/box $B/rootfs.stamp $B/vm/initramfs.cpio
demo: $B/tests/measure $B/tests/doctor ##m a short tour of a container
	@sh tests/demo/demo.sh $B

# N=100 runs of each, BOXES=1000 alive at once
bench: $B/reference/box $B/reference/cgroup $B/rootfs.stamp
bench: $B/tests/bench $B/tests/floor ##m what a container costs, beside other runtimes
	@sh tests/bench/bench.sh $B $(N:%=--runs %) $(BOXES:%=--boxes %)
