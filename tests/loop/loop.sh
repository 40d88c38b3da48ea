#!/bin/sh
# loop.sh - what make does: the stage you are at, then those you have passed
#
# Only what has changed is built and judged again. In the end there is one
# thing to do next. With UNLOCK=1 every stage that was begun is judged, whatever
# became of those before it.
# shellcheck source=tests/loop/common.sh
. "${0%/*}/common.sh"

# tell_warnings STAGE: what the compiler has warned of, until it is mended
tell_warnings()
{
	warnings=$(show_warnings "$1")
	[ -z "$warnings" ] || printf '\n%sthe compiler warns%s\n%s\n' \
		"$yellow" "$plain" "$warnings"
}

# Judges one stage, and says what came of it in a line.
judge()
{
	if ! build_and_judge "$1"; then
		what="does not build"
		[ ! -e "$verdict.unjudged" ] || what="could not be judged"
		printf '%s%-18s %s%s\n' "$red" "$1" "$what" "$plain"
		return 1
	fi
	was=no
	! passed "$1" || was=yes
	remember "$1"
	if passed "$1"; then
		[ $was = yes ] || printf '%s%-18s passed%s\n' "$bold$green" \
			"$1" "$plain"
		tell_warnings "$1"
		return 0
	fi
	[ $was = no ] || {
		printf '%s%-18s passed before, and has %s points now%s\n' \
			"$yellow" "$1" "$(points_of "$1")" "$plain"
	}
	return 1
}

# A stage that says no: its tests, the first failure whole, and what the compiler
# has warned of. That a task is still to be written is no failure to look into:
# it comes next.
show()
{
	[ ! -e "$B/$tree/verdicts/$1.failed" ] || return
	[ ! -e "$B/$tree/verdicts/$1.unjudged" ] || return
	printf '\n%s%s%s  %s: %s points\n\n' "$bold" "$1" "$plain" \
		"$(title_of "$1")" "$(points_of "$1")"
	show_tests "$1"
	test=$(first_failure "$1")
	if ! show_failure "$1" "$test" | grep -q ': TODO [0-9]* of '; then
		printf '\n%s%s%s\n' "$bold" "$test" "$plain"
		show_failure "$1" "$test" | wrap
	fi
	tell_warnings "$1"
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

# tell_shut STAGE: what is begun of those after it, and not passed
tell_shut()
{
	after=
	for stage in $stages; do
		[ -z "$after" ] || passed "$stage" || ! begun "$stage" || {
			say "You have begun stage $stage too, which is shut until" \
				"then. make UNLOCK=1 judges it."
			return
		}
		[ "$stage" != "$1" ] || after=yes
	done
}

# In order, up to the first that stays shut.
in_order()
{
	current=$(current_stage)
	while [ -n "$current" ]; do
		begun "$current" || break
		judge "$current" || break
		say "Break it, in stages/$current/README.md, is for who has" \
			"passed.$([ -n "${HANDOUT:-}" ] || echo " make solution" \
			"STAGE=${current%%-*} shows how the kit does it.")"
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
[ -n "${UNLOCK:-}" ] || tell_shut "$current"
