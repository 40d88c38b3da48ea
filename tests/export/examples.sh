# examples.sh - results of all kinds to export, for test scripts to source
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2034 # $ is jq's; who sources this uses what is here
#
# Of BUILD, their first argument: $work/NAME.json of each NAME in $all, and of
# "hostile", in which there is whatever a student's program might have written.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
unset STUDENT GRADES VISIBILITY NOTE TAP MAKEFLAGS MAKELEVEL MFLAGS

# The system's own Python is the one that a package's modules are for.
python3=$(command -v /usr/bin/python3 || command -v python3)

# What Classroom 50's runner has in the environment.
export CLASSROOM=os ASSIGNMENT=box OWNER=somebody ASSIGNMENT_TYPE=individual \
	SUBMISSION_TAG=submit/2026-01-02T03-04-05Z-0123abc \
	COMMIT_URL=https://git.example/c RELEASE_URL=https://git.example/r \
	REVIEW_URL=https://git.example/d

# export_as FORMAT NAME: work/NAME.FORMAT of work/NAME.json
export_as()
{
	STUDENT=somebody jq -nr -L tests/export -f "tests/export/$1.jq" \
		"$work/$2.json" >"$work/$2.$1"
}

# export_each FORMAT: of all there is; says of what it could not
export_each()
{
	failed=
	for name in $all hostile; do
		export_as "$1" "$name" || failed="$failed $name"
	done
	[ -z "$failed" ] || echo "not of$failed"
	[ -z "$failed" ]
}

# planned WHY: what make grade makes of no line of any gate
planned()
{
	cp "$build/grade/planned" "$work/planned" &&
		jq -r --arg why "$1" '"\(.stage)\t\($why)"' "$work/planned" |
		sort -u >"$work/reasons"
}

# graded NAME: work/NAME.json, as make grade makes it of work/seen
graded()
{
	jq -r '"\(.stage)\t\(tojson)"' "$work/seen" >"$work/said"
	jq -n --slurpfile planned "$work/planned" --rawfile seen "$work/said" \
		--rawfile why "$work/reasons" --argjson seed 4711 --arg no_whole "" \
		-L tests/grade -f tests/grade/results.jq \
		>"$work/$1.json"
}

# changed NAME FILTER: work/NAME.json, as work/finished.json but for FILTER
changed()
{
	jq "$2" "$work/finished.json" >"$work/$1.json"
}

planned "it was not judged yet"
: >"$work/seen"
graded unjudged
jq -c '{stage, name, status: "failed", points: 0, message: "no\nnot at all",
	command: "box run", seconds: 0.1}' "$work/planned" >"$work/seen"
graded zero
jq -c '. + {status: "passed", points: .max_points, message: "",
	command: "spawn true", seconds: 0.25}' "$work/planned" >"$work/seen"
graded finished
# One failed, one was skipped, and the last stage was not reached.
jq -c 'select(.stage < "10")
	| if .name == "new_process" then
		. + {status: "failed", points: 0, message: "one\n two"}
	elif .name == "environment" then
		. + {status: "skipped", points: 0, message: "no such thing here"}
	else . end' "$work/seen" >"$work/some" && mv "$work/some" "$work/seen"
graded partial
changed single '.stages |= .[2:3] | .score = 10 | .max_score = 10'
tests=$(jq '[.stages[].tests[]] | length' "$work/finished.json")
lost=$(jq '[.stages[-1].tests[]] | length' "$work/finished.json")
all="unjudged zero finished partial single"

# What a student's program, or name, might have written; \0 to \377 as bytes.
hostile='\\"&amp <b>\\u0000\\u0007\\u001b[31m\\u001b]0;title\\u0007\\u009b1m\\u007f\\r\\n'
hostile="$hostile"']]></failure></testcase><script>alert(1)</script>'
hostile="$hostile"'<img src=x onerror=alert(1)><!-- & &lt; \\" '"' "
hostile="$hostile"'\\u202egnp\\u2066\\u200b\\u2028\\ufeff\\ufffe\\uffff\\ud800'
hostile="$hostile"'\\udc00x\\udc00 \\udb40\\udc41 \377\300\200\355\240\200 '
hostile="$hostile"'\\n::error file=x::y\\n \\t::set-output name=x::y\\n##[error]'
hostile="$hostile"'\\n\\u00a0\\u2003\\u3000::add-mask::y'
hostile="$hostile"'x\\n##vso[task.complete]x\\n##teamcity[testFailed]'
hostile="$hostile"'\\n[x](https://evil.example) ![x](https://evil.example/p) '
hostile="$hostile"'[x]: https://evil.example\\n@everyone\\n```\\n'
hostile="$hostile"'not ok 1 - x\\nok 2 # SKIP\\n1..0\\nBail out!\\n  ...\\n  ---'
hostile="$hostile"'\\n{\\"scores\\": {\\"01-fork-exec\\": 99}}\\n=cmd()'
# shellcheck disable=SC2059 # it is one
printf "\"$hostile\"" >"$work/text"
jq -c --slurpfile text "$work/text" '
	if .stage > "02" then .message = "x" * 3000
	elif .name == "descriptors" then .message = ($text[0] * 2000)
	elif .name == "arguments" then
		.message = "m" | .command = ("x" * 1000000)
	else .message = $text[0] | .command = $text[0] end
	| . + {stage, name, status: "failed", points: 0, seconds: 1}' \
	"$work/planned" >"$work/seen"
# Without what the grader does against it.
jq -s '{schema: "ten-stages/1", score: 0, max_score: 100, stages:
	(group_by(.stage) | map({stage: .[0].stage, score: 0, max_score: 10,
	built: true, tests: .}))}' "$work/seen" >"$work/hostile.json"
