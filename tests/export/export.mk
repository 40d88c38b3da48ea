# Results for learning platforms.

# What AS=FORMAT takes beside RESULTS is said in tests/export/FORMAT.jq.
.PHONY: export
export: export override RESULTS := $(value RESULTS)
export: ##k RESULTS=FILE AS=FORMAT: points for your learning platform
	@sh tests/export/export.sh '$(or $(AS),$(error AS=FORMAT is needed))' \
		$(if $(value RESULTS),,$(error RESULTS=FILE is needed))"$$RESULTS"

# The kit's answers are in it. LIMIT=540: seconds, of the 600 there are
.PHONY: gradescope
gradescope: export override OUT := $(value OUT)
gradescope: ##k OUT=FILE.zip [STAGE=NN]: an autograder to upload
	@VISIBILITY='$(VISIBILITY)' LIMIT='$(LIMIT)' \
		sh tests/export/gradescope.sh \
		$(if $(value OUT),,$(error OUT=FILE.zip is needed))"$$OUT" \
		$(ARGUMENT)
