#!/bin/sh
# test-platforms.sh BUILD - results in the formats that are JSON; TAP
#
# Held against what the platform's documentation says; each check names it.
# shellcheck disable=SC2154 # examples.sh
# shellcheck disable=SC2016 # $ in single quotes is jq's
# shellcheck source=tests/export/examples.sh
. "$(dirname "$0")/examples.sh"

for format in gradescope classroom50 prairielearn exercism autolab; do
	export_each $format || exit 1
done

# all_have FORMAT FILTER: it is true of each; $r is what it was made of
# shellcheck disable=SC2046,SC2086 # words
all_have()
{
	jq -se "(length / 2) as \$n | [range(\$n) as \$i | .[\$i + \$n] as \$r
		| [\$r.stages[].tests[]] as \$t | .[\$i] | $2] | all" \
		$(for name in $all hostile; do echo "$work/$name.$1"; done) \
		$(for name in $all hostile; do echo "$work/$name.json"; done)
}

# https://gradescope-autograders.readthedocs.io/en/latest/specs/
visibility='IN("visible", "after_due_date", "after_published", "hidden")'
ok "Gradescope: what its specification has, and nothing else" \
	all_have gradescope '(keys - ["score", "execution_time", "output",
		"output_format", "test_output_format", "test_name_format",
		"visibility", "stdout_visibility", "tests"] == [])
	and (.visibility | '"$visibility"') and .stdout_visibility == "hidden"
	and ([.output_format, .test_output_format, .test_name_format]
		| unique == ["text"])
	and (.score | type == "number") and (.output | type == "string")
	and all(.tests[]; (keys - ["score", "max_score", "status", "name",
			"name_format", "number", "output", "output_format",
			"tags", "visibility"] == [])
		and (.status | IN("passed", "failed"))
		and ([.name, .number, .output, .output_format, .name_format]
			| all(type == "string")) and .output_format == "text"
		and (.tags | all(type == "string")) and (.visibility | '"$visibility"'))'
ok "Gradescope: the points are those of the results" all_have gradescope \
	'.score == $r.score and ([.tests[].score] | add) == $r.score
	and ([.tests[].max_score] | add) == $r.max_score
	and [.tests[].status == "passed"] == [$t[].status == "passed"]'
seen()
{
	VISIBILITY=after_due_date NOTE="It was cut off." export_as gradescope partial
	jq -e '[.visibility, .tests[].visibility] | unique == ["after_due_date"]' \
		"$work/partial.gradescope" && jq -e '.tests[2].tags ==
		["01-fork-exec", "skipped"] and .tests[2].number == "1.3"
		and (.output | contains("Not judged: 10-pivot-root")
		and contains("It was cut off."))' "$work/partial.gradescope"
}
ok "Gradescope: visibility, tags, numbers, what was not judged" seen

# https://github.com/foundation50/classroom50/blob/main/schemas/result-v1.schema.json
classroom50='(keys_unsorted == ["schema", "classroom", "assignment",
		"assignment_type", "owner", "submission", "commit", "release",
		"review", "datetime", "score", "max-score", "tests"])
	and .schema == "classroom50/result/v1"
	and (.submission | startswith("submit/"))
	and (.assignment_type | IN("individual", "group"))
	and ([.classroom, .assignment, .owner, .commit, .release, .review]
		| all(type == "string" and . != ""))
	and (.datetime | test("^\\d{4}(-\\d\\d){2}T\\d\\d(:\\d\\d){2}Z$"))
	and all(., .tests[]; (.score | type == "number" and . == floor
			and . >= 0) and (."max-score" | . == floor)
		and .score <= ."max-score")
	and all(.tests[]; (."test-name" | type == "string" and . != "")
		and (.passed | type == "boolean"))
	and .score == $r.score and ([.tests[].score] | add) == $r.score
	and [.tests[].passed] == [$t[].status == "passed"]'
ok "Classroom 50: its schema, integers, the points" \
	all_have classroom50 "$classroom50"
ok "Classroom 50: no dot in any number" sh -c \
	'! grep -E ": [0-9]+\.[0-9]" "$1"' sh "$work/finished.classroom50"

# https://prairielearn.readthedocs.io/en/latest/externalGrading/
ok "PrairieLearn: gradable or why not, a share, points of each test" \
	all_have prairielearn '(.gradable | type == "boolean")
	and .score == $r.score / $r.max_score and .score <= 1
	and (.message | type == "string")
	and .gradable == any($r.stages[]; .built)
	and (has("format_errors") == (.gradable | not))
	and all(.format_errors // [] | .[]; type == "string")
	and all(.tests[]; ([.name, .description, .message, .output]
		| all(type == "string")) and .points <= .max_points)
	and ([.tests[].points] | add) == $r.score'

# https://exercism.org/docs/building/tooling/test-runners/interface
ok "Exercism: version 3, its statuses, its bounds" \
	all_have exercism '.version == 3
	and .status == (if any($r.stages[]; .built) | not then "error"
		elif all($t[]; .status == "passed") then "pass" else "fail" end)
	and (if .status == "error" then (.message | type == "string"
			and . != "" and utf8bytelength <= 65535)
		else .message == null and (.tests | length) == ($t | length) end)
	and all(.tests // [] | .[]; (keys - ["name", "status", "message",
			"test_code", "task_id"] == [])
		and (.name | type == "string") and (.status
		| IN("pass", "fail", "error")) and (.message // "" | type
		== "string" and utf8bytelength <= 65535)
		and (.task_id // 0 | type == "number"))
	and (.status == "error" or [.tests[].status == "pass"]
		== [$t[].status == "passed"])'

# https://docs.autolabproject.com/lab/, formatted-feedback
# The two lines of each come to one file, for one look.
for name in $all hostile; do
	tail -n 2 "$work/$name.autolab" | jq -s . >"$work/$name.last"
done
autolab='.[0] as $told | .[1] as $last
	| ($last | keys == ["scoreboard", "scores"])
	and $last.scores == ($r.stages | map({key: .stage, value: .score})
		| from_entries)
	and $last.scoreboard == [$r.score, $r.stages[].score]
	and $told._presentation == "semantic"
	and $told.stages == [$r.stages[].stage]
	and [$told.stages[] | $told[.][].passed]
		== [$t[].status == "passed"]
	and all($told.stages[] | $told[.][]; (.hint // "") | type == "string")'
ok "Autolab: the last line has the scores, the one before what passed" \
	all_have last "$autolab"
alone()
{
	! grep -c '^{' "$work"/*.autolab | grep -v ':2$'
}
ok "Autolab: no line before them is an object" alone
done_testing
