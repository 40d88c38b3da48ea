# results.json for Gradescope:
# https://gradescope-autograders.readthedocs.io/en/latest/specs/
#
# VISIBILITY in the environment says when students see the tests; NOTE is a line
# to all of them.
include "text";

option("VISIBILITY"; ["visible", "after_due_date", "after_published",
	"hidden"]) as $visibility
| results
| {score,
   output: summary(env.NOTE // ""), output_format: "text",
   test_output_format: "text", test_name_format: "text",
   execution_time: ([.stages[].tests[].seconds] | add // 0 | ceil),
   visibility: $visibility, stdout_visibility: "hidden",
   tests: [.stages[] | .stage as $stage | .tests | to_entries[]
	| .key as $i | .value | {
		score: .points, max_score: .max_points,
		status: (if .status == "passed" then "passed"
			else "failed" end),
		name: "\(.name): \(.intent)", name_format: "text",
		number: "\($stage | number).\($i + 1)",
		output: report, output_format: "text",
		tags: ([$stage] + if .status == "skipped" then ["skipped"]
			else [] end),
		visibility: $visibility}]}
