#!/bin/sh
# hint.sh [STAGE] - the next hint for the task that the first failure is about
#
# There are three for each task, in the lesson, from a nudge to nearly there.
# TASK=N asks for another task's.
# shellcheck source=tests/loop/common.sh
. "${0%/*}/common.sh"

stage=${1:-$(open_stage)}
if [ -z "$stage" ]; then
	echo "All ten stages are passed: there is nothing left to hint at."
	exit 0
fi
for failed in "$B/$tree"/verdicts/*.failed; do
	[ -e "$failed" ] || continue
	[ -z "${1:-}${TASK:-}" ] || break
	say "Stage $(basename "$failed" .failed) did not compile when it was" \
		"last tried. No hint is better than the first error that make" \
		"shows: mend that, and the others often go with it."
	exit 0
done
if passed "$stage" && [ -z "${TASK:-}" ]; then
	say "Stage $stage is passed. make hint STAGE=${stage%%-*} TASK=1 has the" \
		"hints of its first task all the same."
	exit 0
fi
task=${TASK:-$(task_at "$stage")}

# hint N: number N of the task, its text from the lesson
hint()
{
	awk -v task="$task" -v number="$1" '
		/^## / { part = $0 == "## Hints" }
		/^### / { mine = part && $0 == "### Task " task; next }
		!mine || !part { next }
		/^[0-9]+\. / {
			on = $1 == number "."
			sub(/^[0-9]+\. /, "")
		}
		on { sub(/^   /, ""); print }' "stages/$stage/README.md" \
		2>/dev/null
}

mkdir -p "$B/hints"
seen=$(hints_seen "$stage" "$task")
next=$((seen + 1))
if [ -z "$(hint 1)" ]; then
	echo "stages/$stage/README.md has no hints for task $task" >&2
	exit 2
fi
if [ -z "$(hint $next)" ]; then
	say "These were all the hints for task $task of $stage; here they are" \
		"again."
	echo
	for number in $(seq 1 "$seen"); do
		printf '%s%d%s  %s\n\n' "$bold" "$number" "$plain" \
			"$(hint "$number" | sed '2,$s/^./   &/')"
	done
	exit 0
fi
echo $next >"$B/hints/$stage.$task"
printf '%s%s, task %d, hint %d of 3%s\n\n' "$bold" "$stage" "$task" $next \
	"$plain"
hint $next
