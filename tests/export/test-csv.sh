#!/bin/sh
# test-csv.sh BUILD - the points of a class as CSV; TAP
#
# With the parser of Python.
# shellcheck disable=SC2154 # examples.sh
# shellcheck disable=SC2016 # $ in single quotes is jq's or Python's
# shellcheck source=tests/export/examples.sh
. "$(dirname "$0")/examples.sh"

# What the grader can say of a stage that it has not judged.
sed -n 's/.*echo "\(it [a-z ]*\|the grading [a-z ]*\)".*/\1/p' \
	tests/grade/grade.sh | sort -u >"$work/words"

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
done_testing
