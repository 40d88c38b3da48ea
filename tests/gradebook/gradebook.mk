# A class: every submission graded, and what a teacher makes of it.

.PHONY: gradebook
# Names are nothing that make or a shell is to read anything in.
gradebook: export override CLASS := $(value CLASS)
gradebook: export override OUT := $(value OUT)
gradebook: export override ROSTER := $(value ROSTER)
gradebook: export override KIT := $(value KIT)
gradebook: export override HOSTS := $(value HOSTS)
gradebook: grader ##k CLASS=DIR [OUT=DIR] [STAGE=NN]: a class: points, CSV, a page
	$(if $(value CLASS),,$(error CLASS=DIR is needed: a folder for each student))
	@$(GRADER) SEED='$(SEED)' exec sh tests/gradebook/gradebook.sh $B \
		"$$CLASS" "$$OUT" $(ARGUMENT)
