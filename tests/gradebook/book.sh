#!/bin/sh
# book.sh TITLE OUT RUN - the book of a class, of the results in OUT
#
# RUN/states has a line for each student: graded, incomplete or "not graded",
# tab, name; RUN/roster is the roster. Makes class.json, gradebook.csv,
# gradebook.html and, if anybody is graded, canvas.csv and moodle.csv in OUT,
# each whole or not at all.
#
# Exits 0, or 1 when something could not be made.
set -u
title=$1
out=$2
run=$3
# shellcheck source=tests/gradebook/say.sh
. tests/gradebook/say.sh
broken=

# put FILE COMMAND...: OUT/FILE
put()
{
	file=$1
	shift
	if "$@" >"$run/made" && mv "$run/made" "$out/$file"; then
		return
	fi
	say "cannot make $out/$file"
	broken=1
}

if ! (cd "$out" && sed -n '/^not graded/!s|^[a-z]*	\(.*\)|./\1/results.json|p' \
	"$run/states" | tr '\n' '\0' | xargs -0r jq -c '{results: ., id:
	(input_filename | ltrimstr("./") | rtrimstr("/results.json"))}') \
	>"$run/results" ||
	! jq -n --rawfile roster "$run/roster" --rawfile states "$run/states" \
		--slurpfile results "$run/results" \
		-f tests/gradebook/class.jq >"$run/class"; then
	say "cannot read the results in $out"
	exit 1
fi
put class.json jq 'map(select(.state == "graded") | del(.state))' "$run/class"
put gradebook.csv jq -r -L tests/export -f tests/gradebook/csv.jq "$run/class"
for system in canvas moodle; do
	# Those of an earlier class are not to pass for points of this.
	if grep -q '^graded	' "$run/states"; then
		put "$system.csv" sh tests/export/export.sh "$system" \
			"$out/class.json"
	else
		rm -f "$out/$system.csv"
	fi
done
put gradebook.html jq -r -L tests/grade --arg title "$title" \
	--rawfile look tests/look.css --rawfile style tests/gradebook/style.css \
	-f tests/gradebook/page.jq "$run/class"
[ -z "$broken" ]
