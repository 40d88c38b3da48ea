# What an autograder prints for Autolab; the last line has the scores:
# https://docs.autolabproject.com/lab/
# https://docs.autolabproject.com/features/formatted-feedback/
#
# The problems of the assessment are to be named as the stages are, 01-fork-exec
# and so on. The columns of a scoreboard: all points, then those of each stage.
include "text";

results
| summary(env.NOTE // ""),
  (.stages[] | "\(.stage): \(points_of)"),
  ({_presentation: "semantic", stages: [.stages[].stage]}
	+ (.stages | map({key: .stage, value: (.tests | map({key: .name,
		value: ({passed: (.status == "passed")}
			+ if .status == "passed" then {}
			else {hint: report} end)}) | from_entries)})
		| from_entries) | tojson),
  ({scores: (.stages | map({key: .stage, value: .score}) | from_entries),
	scoreboard: [.score, .stages[].score]} | tojson)
