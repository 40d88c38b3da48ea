#!/bin/sh
# loop.sh - what make does: the stage you are at, then those you have passed
#
# Only what has changed is built and judged again. In the end there is one
# thing to do next. With UNLOCK=1 every stage that was begun is judged, whatever
# became of those before it.
# shellcheck source=tests/loop/common.sh
. "$(dirname "$0")/common.sh"

# Judges one stage, and says what came of it in a line.
judge()
{
	if ! build_and_judge "$1"; then
		printf '%s%-18s does not build%s\n' "$red" "$1" "$plain"
		return 1
	fi
	was=no
	! passed "$1" || was=yes
	remember "$1"
	if passed "$1"; then
		[ $was = yes ] || printf '%s%-18s passed%s\n' "$bold$green" \
			"$1" "$plain"
		return 0
	fi
	[ $was = no ] || {
		printf '%s%-18s passed before, and has %s points now%s\n' \
			"$yellow" "$1" "$(points_of "$1")" "$plain"
	}
	return 1
}

# A stage that says no: its tests, and the first failure whole.
show()
{
	[ ! -e "$B/$tree/verdicts/$1.failed" ] || return
	printf '\n%s%s%s  %s\n\n' "$bold" "$1" "$plain" "$(title_of "$1")"
	show_tests "$1"
	test=$(first_failure "$1")
	printf '\n%s%s%s\n' "$bold" "$test" "$plain"
	show_failure "$1" "$test"
}

bar()
{
	done=0
	line=
	for stage in $stages; do
		if passed "$stage"; then
			done=$((done + 1))
			line="$line$green##$plain"
		else
			line="$line$dim--$plain"
		fi
	done
	printf '\n[%s] %d of 10 stages\n\n' "$line" $done
}

# next STAGE: the one thing to do
next()
{
	if [ -z "$1" ]; then
		say "All ten stages are yours. $B/$tree/box run $B/rootfs sh is a" \
			"container, and every line that makes it is in your files."
		return
	fi
	for file in $(files_of "$1"); do
		[ -e "$file" ] && continue
		say "Next: $file is not there. make reset STAGE=${1%%-*} brings" \
			"it back as it was given out."
		return
	done
	if [ -e "$B/$tree/verdicts/$1.failed" ]; then
		say "Next: make it compile. The first error above is the one to" \
			"mend; the others often go with it."
		return
	fi
	if ! begun "$1"; then
		say "Next: stage $1, ${bold}$(title_of "$1")${plain}. Read" \
			"stages/$1/README.md, then do TODO 1 in" \
			"$(files_of "$1" | xargs grep -l 'TODO 1:' | head -n 1)."
		return
	fi
	todo=$(todo_of "$1")
	if [ -n "$todo" ]; then
		say "Next: $bold$todo$plain. make hint helps, one step at a" \
			"time; stages/$1/README.md says it all."
		return
	fi
	say "Next: $bold$(first_failure "$1")$plain, task $(task_at "$1") of" \
		"stages/$1/README.md. make hint helps, one step at a time."
}

# In order, up to the first that stays shut.
in_order()
{
	current=$(current_stage)
	while [ -n "$current" ]; do
		begun "$current" || break
		judge "$current" || break
		[ -n "${HANDOUT:-}" ] || say "make solution" \
			"STAGE=${current%%-*} shows how the kit does it."
		current=$(current_stage)
	done
	for stage in $stages; do
		# What comes after stands on it, and waits.
		[ "$stage" != "$current" ] || break
		# What was passed and fails now comes first.
		judge "$stage" || { current=$stage && break; }
	done
}

# All that was begun.
in_any_order()
{
	current=
	for stage in $stages; do
		begun "$stage" || continue
		judge "$stage" || current=${current:-$stage}
	done
	[ -n "$current" ] || current=$(open_stage)
}

$MAKE -s "$B/compile_commands.json"
if [ -n "${UNLOCK:-}" ]; then
	in_any_order
else
	in_order
fi
[ -z "$current" ] || ! begun "$current" || show "$current"
bar
next "$current"
