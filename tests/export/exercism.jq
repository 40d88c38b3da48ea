# results.json of a test runner of Exercism, version 3:
# https://exercism.org/docs/building/tooling/test-runners/interface
#
# What a student's program printed is part of the messages; there is no output
# beside them. Of a single stage the tests belong to no task; else the stages are
# the tasks.
include "text";

results
| (.stages | length > 1) as $several
| (if any(.stages[]; .built) | not then "error"
	elif all(.stages[].tests[]; .status == "passed") then "pass"
	else "fail" end) as $status
| {version: 3, status: $status}
+ if $status == "error" then {message: ([.stages[]
	| "\(.stage): \(.tests[0].message // "it has no tests")"]
	| join("\n") | cut(16000))}
else {message: null, tests: [.stages[] | .stage as $stage | .tests[]
	| {name: "\(if $several then "\($stage): " else "" end
		)\(.name): \(.intent)",
	   status: ({passed: "pass", failed: "fail", skipped: "error"}[.status])}
	+ (if .status == "passed" then {} else {message} end)
	+ (if .command != "" then {test_code: .command} else {} end)
	+ (if $several then {task_id: ($stage | number)} else {} end)]} end
