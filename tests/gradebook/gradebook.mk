# A class: every submission graded, and what a teacher makes of it.

.PHONY: gradebook
# Names of folders are nothing that make or a shell is to read anything in.
gradebook: export GRADEBOOK_CLASS := $(value CLASS)
gradebook: export GRADEBOOK_OUT := $(value OUT)
gradebook: grader ##k CLASS=DIR [OUT=DIR] [STAGE=NN]: a class: points, CSV, a page
	$(if $(value CLASS),,$(error CLASS=DIR is needed: a folder for each student))
	@$(GRADER) SEED='$(SEED)' exec sh tests/gradebook/gradebook.sh $B \
		"$$GRADEBOOK_CLASS" "$$GRADEBOOK_OUT" $(ARGUMENT)
