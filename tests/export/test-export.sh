#!/bin/sh
# test-export.sh BUILD - results in each format that learning platforms take; TAP
# shellcheck disable=SC2154 # examples.sh
# shellcheck disable=SC2016 # $ in single quotes is jq's
# shellcheck source=tests/export/examples.sh
. "$(dirname "$0")/examples.sh"
formats="tap junit gradescope classroom50 prairielearn autolab exercism canvas
	moodle"

for format in $formats; do
	case $format in
	# Of a class; these have tests of their own.
	canvas | moodle) ok "$format: of one student" export_as "$format" hostile ;;
	*) ok "$format: of each of them" export_each "$format" ;;
	esac
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
