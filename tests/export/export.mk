# Results for learning platforms.

# What AS=FORMAT takes beside RESULTS is said in tests/export/FORMAT.jq.
.PHONY: export
export: ##k RESULTS=FILE AS=FORMAT: points for your learning platform
	@sh tests/export/export.sh '$(or $(AS),$(error AS=FORMAT is needed))' \
		'$(or $(RESULTS),$(error RESULTS=FILE is needed))'
