# outcome.sh - what a grading knows and says, for grade.sh to source
# shellcheck shell=sh disable=SC2034,SC2154 # shared with grade.sh
#
# What is known of each stage in $wanted is in $work: STAGE.results, the lines
# of its gate, and STAGE.why, why there are none. say() and cannot() are whose
# sources this; status becomes 1 when something could not be judged.

# keep_log: what the compiler said, to OUT; text, and not too much of it
keep_log()
{
	head -c 100000 "$work/log" | inert >"$out/build.log" ||
		cannot "cannot write $out/build.log"
}

# inert: what somebody else's program may have said, as text
inert()
{
	jq -Rr -L tests/grade 'include "inert"; inert'
}

# last_words: those of what has failed
last_words()
{
	tail -n 3 "$work/judge.log" | inert >&2
}

# plan: the tests that there are, to work/planned
plan()
{
	jq -c --arg wanted "$wanted" '.stage as $stage |
		select($wanted | split(" ") | any(. == $stage))' \
		"$build/grade/planned" >"$work/planned" || exit 125
}

# named NAME FILE: its lines, with the name and a tab before each
named()
{
	while IFS= read -r line || [ "$line" ]; do
		printf '%s\t%s\n' "$1" "$line"
	done <"$2"
}

# gather: OUT/results.json from what there is. Often: without many processes
gather()
{
	for planned in $wanted; do
		named "$planned" "$work/$planned.why" >&3
		[ ! -e "$work/$planned.results" ] ||
			named "$planned" "$work/$planned.results" >&4
	done 3>"$work/why" 4>"$work/seen"
	jq -n --slurpfile planned "$work/planned" --rawfile seen "$work/seen" \
		--rawfile why "$work/why" --rawfile no_whole "$work/no-whole" \
		--argjson seed "$SEED" -L tests/grade -f tests/grade/results.jq \
		>"$work/results.json" &&
		cp "$work/results.json" "$out/results.json.new" &&
		mv "$out/results.json.new" "$out/results.json" && return
	cannot "cannot write $out/results.json"
}

# heard_all STAGE: its gate has said something of each test; else says of which not
heard_all()
{
	jq -r --arg stage "$1" 'select(.stage == $stage).name' "$work/planned" |
		sort >"$work/names"
	jq -rR 'fromjson? | objects | .name' "$work/$1.results" | sort -u |
		comm -23 "$work/names" - >"$work/unheard"
	[ -s "$work/unheard" ] || return 0
	say "$1: its gate has ended without a word of" \
		"$(tr '\n' ' ' <"$work/unheard")in" \
		"$(wc -l <"$work/$1.results") lines"
	return 1
}

# tell STAGE: its points, to whoever looks
tell()
{
	# What skips a test for that has not judged it.
	if grep -qs '"skipped".*"message":"the sandbox does not start here' \
		"$work/$1.results"; then
		say "$1: the sandbox does not start for some of its tests"
		status=1
	fi
	gather
	say "$1: $(jq -r --arg stage "$1" '.stages[] | select(.stage == $stage) |
		"\(.score) of \(.max_score) points"
		+ if .built then "" else ": \(.tests[0].message)" end' \
		"$out/results.json")"
}
