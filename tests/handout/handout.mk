# The kit for students, without the sources of the answers: make handout.

# Of the answers only: students have the sources of all else.
define HANDOUT_RULES
$B/handout/$1.a: $(ANSWERS_$1:%.c=$B/reference/obj/$1/%.o)
	@mkdir -p $$(@D) && rm -f $$@
	$$(call run,AR,ar rcsD $$@ $$^ && strip -D --strip-unneeded $$@)
endef
$(foreach s,$(STAGES),$(eval $(call HANDOUT_RULES,$s)))

.PHONY: handout
handout: export override OUT := $(value OUT)
handout: $(STAGES:%=$B/handout/%.a) ##k [OUT=FILE]: the kit for students, without solutions
	@sh tests/handout/handout.sh "$${OUT:-$B/ten-stages-handout.tar.gz}" \
		$(MACHINE) $^
