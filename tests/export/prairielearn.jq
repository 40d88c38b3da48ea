# results.json for PrairieLearn's external grading:
# https://prairielearn.readthedocs.io/en/latest/externalGrading/
#
# What cannot be built, or nobody judged, is not gradable: it costs no attempt.
include "text";

results
| any(.stages[]; .built) as $gradable
| {gradable: $gradable,
   score: (if .max_score > 0 then .score / .max_score else 0 end),
   message: summary(env.NOTE // "")}
+ (if $gradable then {} else {format_errors: [.stages[]
	| "\(.stage): \(.tests[0].message // "it has no tests")"]} end)
+ {tests: [.stages[] | .stage as $stage | .tests[]
	| {name: "\($stage) \(.name)", description: .intent, points, max_points,
	   message: (if .status == "skipped" then "skipped: " else "" end
		+ .message),
	   output: (if .command != "" then "ran: " + .command else "" end)}]}
