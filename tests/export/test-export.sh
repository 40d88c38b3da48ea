#!/bin/sh
# test-export.sh BUILD - results as learning platforms take them; TAP
#
# Read back with parsers that are not the kit's, where there are some, else held
# against what the platform's documentation says; each check names it.
# shellcheck disable=SC2016 # $ in single quotes is jq's, Perl's or Python's
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset STUDENT GRADES VISIBILITY NOTE TAP MAKEFLAGS MAKELEVEL MFLAGS
formats="tap junit gradescope classroom50 prairielearn autolab exercism canvas
	moodle"

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
# What the grader can say of a stage that it has not judged.
sed -n 's/.*echo "\(it [a-z ]*\|the grading [a-z ]*\)".*/\1/p' \
	tests/grade/grade.sh | sort -u >"$work/words"
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

for format in $formats; do
	failed=
	names="$all hostile"
	# These have tests of their own below.
	case $format in
	canvas | moodle) names=hostile ;;
	esac
	for name in $names; do
		export_as "$format" "$name" 2>"$work/$format.err" ||
			failed="$failed $name"
	done
	ok "$format: of each of them" [ -z "$failed" ]
done

# inert FORMAT: nothing in it does more than being read
inert()
{
	iconv -f UTF-8 -t UTF-8 "$work/hostile.$1" >"$work/inert" || return 1
	[ "$(wc -c <"$work/hostile.$1")" -le 1000000 ] || return 1
	case $1 in
	junit | tap | autolab | canvas | moodle) filter='-Rrs .' ;;
	*) filter='-r .. | strings' ;;
	esac
	# shellcheck disable=SC2086 # a word of options and one of a filter
	jq ${filter%% *} "${filter#* }" "$work/hostile.$1" >"$work/inert"
	jq -Rse '(test("(?![\n\t])[\\p{Cc}\\p{Cf}\\x{fffe}\\x{ffff}]")
		or test("(^|\n)[\\s\\p{Z}]*::") or test("##(\\[|vso|teamcity)")
		or test("<(script|img|/|!)"; "i") and ($format != "junit")
		or test("\\]\\(|!\\[|\\]:|@everyone")) | not' \
		--arg format "$1" "$work/inert"
}
for format in $formats; do
	ok "$format: text is bounded, valid and does nothing" inert "$format"
done

# each_bounded: of 1 MB as of 1 MB a hundred times, little is left
each_bounded()
{
	jq -e '[.tests[].output | length] | max <= 2100
		and add > 100000 and add <= 160000' \
		"$work/hostile.gradescope"
}
ok "each test's text is bounded, and all together" each_bounded

# Two lines of what must stay legible.
changed legible '.stages[0].tests[0] |= . + {status: "failed", points: 0,
	message: "want <1> a[0] & \"x\" == 3, €\tü\nnext"}'
legible()
{
	export_as gradescope legible && jq -e '.tests[0].output
		== "want <1> a[0] & \"x\" == 3, €\tü\nnext\nran: spawn true"' \
		"$work/legible.gradescope"
}
ok "what does no harm is as it was" legible

# --- TAP: https://testanything.org/tap-version-14-specification.html

# With the parser of prove; one that knows 13 alone reads the same with that.
version=14
prove -e cat "$work/finished.tap" >/dev/null 2>&1 || version=13

# proves NAME PASSED FAILED: each line is known, none is a directive
proves()
{
	TAP=$version sh tests/export/export.sh tap "$work/$1.json" \
		>"$work/proved" && perl -MTAP::Parser -e '
		my $tap = TAP::Parser->new({exec => ["cat", $ARGV[0]]});
		my ($yaml, $bad) = (0, 0);
		while (my $line = $tap->next) {
			$yaml++ if $line->is_yaml && $line->data->{message} ne "";
			$bad++ if $line->is_unknown || $line->is_bailout
				|| $line->is_test && $line->directive;
		}
		print join(" ", scalar $tap->passed, scalar $tap->failed,
			$yaml, $bad, scalar $tap->parse_errors,
			$tap->is_good_plan), "\n"' "$work/proved" >"$work/parsed" &&
		grep -qx "$2 $3 $3 0 0 1" "$work/parsed" && return
	cat "$work/parsed"
	return 1
}

if ! perl -MTAP::Parser -e 1 2>/dev/null; then
	skip "prove reads it" "no TAP::Parser here: package perl"
else
	ok "prove: all passed" proves finished "$tests" 0
	ok "prove: all failed" proves zero 0 "$tests"
	ok "prove: what was not judged failed" proves unjudged 0 "$tests"
	ok "prove: a skip is not passed" proves partial \
		$((tests - lost - 2)) $((lost + 2))
	ok "prove: hostile text changes nothing" proves hostile 0 "$tests"
fi
changed directive '.stages[0].tests[0].intent = "a # SKIP \\# TODO b"'
directive()
{
	proves directive "$tests" 0 || return 1
	export_as tap directive && sed -n 3p "$work/directive.tap" |
		grep -qxF 'ok 1 - 01-fork-exec new_process: a \# SKIP \\\# TODO b'
}
ok "a description has no directive" directive

# What version 14 is made of, line by line.
grammar()
{
	for name in $all hostile; do
		awk -v tests="$(grep -c '^ok\|^not ok' \
			"$work/$name.tap")" '
			NR == 1 { if ($0 != "TAP version 14") exit bad = 1; next }
			NR == 2 { if ($0 != "1.." tests) exit bad = 1; next }
			/^(not )?ok [0-9]+ - / && !yaml && /^not / + 0 == ($1 == "not") {
				sub(/^not /, ""); if ($2 != ++number) exit bad = 1
				next }
			/^  ---$/ && !yaml { yaml = 1; next }
			/^  \.\.\.$/ && yaml { yaml = 0; next }
			/^  [a-z_]+: / && yaml { next }
			/^# / && !yaml { next }
			{ exit bad = 1 }
			END { exit bad || yaml || number != tests }' \
			"$work/$name.tap" || return 1
	done
}
ok "TAP version 14: version, plan, tests, diagnostics" grammar

# --- JUnit

# xml NAME TESTS FAILURES SKIPPED
xml()
{
	"$python" -c '
import sys, junitparser
cases = [c for s in junitparser.JUnitXml.fromfile(sys.argv[1]) for c in s]
results = [r for c in cases for r in
	(c.result if isinstance(c.result, list) else [c.result]) if r]
suites = list(junitparser.JUnitXml.fromfile(sys.argv[1]))
count = lambda kind: sum(isinstance(r, kind) for r in results)
told = [sum(getattr(s, n) for s in suites)
	for n in ("tests", "failures", "skipped")]
found = [len(cases), count(junitparser.Failure), count(junitparser.Skipped)]
print(told, found, [p.value for p in suites[0].properties()])
sys.exit(not told == found == [int(n) for n in sys.argv[2:]]
	or not all(r.message for r in results))' "$work/$1.junit" "$2" "$3" "$4"
}
# The system's own Python is the one that a package's modules are for.
python3=$(command -v /usr/bin/python3 || command -v python3)
python=$python3
"${python:-false}" -c 'import junitparser' 2>/dev/null || python=
if [ -z "$python" ]; then
	skip "junitparser reads JUnit" "no junitparser here: package python3-junitparser"
else
	ok "junitparser: all passed" xml finished "$tests" 0 0
	ok "junitparser: all failed" xml zero "$tests" "$tests" 0
	ok "junitparser: one skipped, and what was not judged failed" \
		xml partial "$tests" $((lost + 1)) 1
	ok "junitparser: hostile text changes nothing" \
		xml hostile "$tests" "$tests" 0
fi
# https://github.com/jenkinsci/xunit-plugin has junit-10.xsd; what of it is used.
schema()
{
	cat >"$work/schema" <<-'END'
	<grammar xmlns="http://relaxng.org/ns/structure/1.0"
	 datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
	<define name="counts"><attribute name="name"/>
	<attribute name="tests"><data type="nonNegativeInteger"/></attribute>
	<attribute name="failures"><data type="nonNegativeInteger"/></attribute>
	<attribute name="errors"><data type="nonNegativeInteger"/></attribute>
	<attribute name="time"><data type="decimal"/></attribute></define>
	<define name="why"><attribute name="message"/>
	<optional><attribute name="type"/></optional><text/></define>
	<start><element name="testsuites"><ref name="counts"/><oneOrMore>
	<element name="testsuite"><ref name="counts"/>
	<attribute name="skipped"><data type="nonNegativeInteger"/></attribute>
	<element name="properties"><oneOrMore><element name="property">
	<attribute name="name"/><attribute name="value"/></element></oneOrMore>
	</element><oneOrMore><element name="testcase">
	<attribute name="name"/><attribute name="classname"/>
	<attribute name="time"><data type="decimal"/></attribute>
	<optional><choice><element name="failure"><ref name="why"/></element>
	<element name="skipped"><ref name="why"/></element></choice></optional>
	</element></oneOrMore></element></oneOrMore></element></start></grammar>
	END
	for name in $all hostile; do
		xmllint --noout --relaxng "$work/schema" "$work/$name.junit" ||
			return 1
	done
}
if command -v xmllint >/dev/null; then
	ok "JUnit: well-formed, and nothing in it that Jenkins does not know" schema
else
	skip "JUnit: well-formed" "no xmllint here: package libxml2-utils"
fi

# --- the formats that are JSON

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

# --- CSV, with the parser of Python

# The class: who was not graded, who was cut off, and names that are none.
jq -n --slurpfile finished "$work/finished.json" --slurpfile partial \
	"$work/partial.json" --slurpfile text "$work/text" '[
	{id: "a1", name: "Name, First", email: "a1@school.example", sis_id: "007",
	 results: $finished[0]},
	{id: "b2", results: null},
	{id: "c3", name: "\"q\"", results: $partial[0]},
	{id: "=1+1", name: "@SUM(A1)", email: "\t-2", results: $finished[0]},
	{id: "e5", name: $text[0], email: " +1;x\ny", results: $finished[0]}]' \
	>"$work/class.json"
jq -c '.[]' "$work/class.json" >"$work/stream.json"

# table FORMAT NAME: its rows, as JSON; false when they are not alike
table()
{
	sh tests/export/export.sh "$1" "$work/$2.json" >"$work/$2.$1" &&
		"$python3" -c '
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], newline="", encoding="utf-8"),
	strict=True))
json.dump(rows, sys.stdout)
sys.exit(len({len(row) for row in rows}) != 1)' "$work/$2.$1" >"$work/rows"
}

# rows FORMAT NAME FILTER
rows()
{
	table "$1" "$2" && jq -e "$3" "$work/rows" && return
	cat "$work/rows"
	return 1
}
if [ -z "$python3" ]; then
	skip "CSV" "no python3 here: package python3"
else
	stages='["01-fork-exec", "02-wait-zombies", "03-signals", "04-ipc",
		"05-scheduling", "06-user-uts-ipc", "07-pid-mount",
		"08-net-time", "09-cgroups", "10-pivot-root"]'
	ten='[range(10) | "10"]'
	none='[range(10) | ""]'
	# What its importer asks of the first rows and columns is in
	# https://github.com/instructure/canvas-lms, lib/gradebook_importer.rb
	ok "Canvas: columns, possible points, students" rows canvas class '
		.[0] == ["Student", "ID", "SIS User ID", "SIS Login ID",
			"Section"] + '"$stages"'
		and .[1] == ["    Points Possible", "", "", "", ""] + '"$ten"'
		and .[2] == ["Name, First", "", "007", "a1", ""] + '"$ten"'
		and length == 7'
	ok "Canvas: who was not graded has no points, nor 0" rows canvas class '
		.[3] == ["b2", "", "", "b2", ""] + '"$none"
	ok "Canvas: nor has a stage that was not judged" rows canvas class '
		.[4][5:] == ["8"] + '"$ten"'[:8] + [""] and .[4][0] == "\"q\""'
	unjudged_words()
	{
		[ "$(wc -l <"$work/words")" -ge 4 ] || return 1
		while read -r word; do
			# shellcheck disable=SC2016 # jq's own
			changed word '.stages[2].tests[].status = "failed" |
				.stages[2].tests[].message = "'"$word"'" |
				{id: "somebody", results: .}'
			rows canvas word '.[2][7] == "" and .[2][6] == "10"' ||
				return 1
		done <"$work/words"
	}
	ok "Canvas: in whatever words the grader says that" unjudged_words
	# https://docs.moodle.org/en/Grade_import
	ok "Moodle: columns and students" rows moodle class '
		.[0] == ["Username", "ID number", "Email address",
			"Full name"] + '"$stages"'
		and .[1] == ["a1", "007", "a1@school.example", "Name, First"]
			+ '"$ten"'
		and .[2] == ["b2", "", "", ""] + '"$none"' and length == 6'
	for format in canvas moodle; do
		ok "$format: no field is a formula, nor has it lines" rows \
			$format class 'all(.[][]; test("^\\s*[=+@-]|[\n\r\t]")
			| not)'
		ok "$format: one after the other, as in an array" rows $format \
			stream "length == $([ $format = moodle ] && echo 6 ||
			echo 7)"
		cp "$work/rows" "$work/stages.rows"
		export GRADES=total
		ok "$format: one column of all points, or none" rows $format \
			class '[.[][-1]][-5:] == ["100", "", "", "100", "100"]'
		unset GRADES
	done
fi

# --- what cannot be done

# cannot TEXT COMMAND...: it fails, says so in a line, and writes nothing
cannot()
{
	text=$1
	shift
	"$@" >"$work/out" 2>"$work/err" && return 1
	[ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
		grep -qF -- "$text" "$work/err" && return
	cat "$work/out" "$work/err"
	return 1
}
to()
{
	sh tests/export/export.sh "$@"
}
echo '{"schema": "other", "stages": []}' >"$work/other.json"
echo '{"schema": "ten-stages/1", "stages"' >"$work/half.json"
: >"$work/empty.json"
ok "a format that is not known" cannot "there are tap junit" \
	to nosuch "$work/finished.json"
ok "no such file" cannot "cannot be read" to tap "$work/nosuch.json"
ok "a file of something else" cannot "no results of the course" \
	to tap "$work/other.json"
ok "half a file" cannot "half.json as tap" to tap "$work/half.json"
ok "an empty file" cannot "empty" to tap "$work/empty.json"
ok "an empty class" cannot "nobody" to canvas "$work/empty.json"
ok "a student without a name to log in by" cannot "not a student" \
	to canvas "$work/finished.json"
ok "no such visibility" cannot "VISIBILITY=all" env VISIBILITY=all \
	sh tests/export/export.sh gradescope "$work/finished.json"
ok "not in Classroom 50" cannot "COMMIT_URL" env COMMIT_URL= \
	sh tests/export/export.sh classroom50 "$work/finished.json"
full()
{
	to tap "$work/finished.json" 2>"$work/err" >/dev/full && return 1
	grep "cannot write" "$work/err"
}
ok "no room for it" full
mkdir "$work/O'Brien \$x" && cp "$work/partial.json" "$work/O'Brien \$x"
made()
{
	make -s --no-print-directory export B="$build" AS=junit \
		RESULTS="$work/O'Brien \$x/partial.json" >"$work/out" &&
		cmp "$work/out" "$work/partial.junit"
}
ok "make export is the same" made
done_testing
