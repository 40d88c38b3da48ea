#!/bin/sh
# export.sh FORMAT [FILE] - results of make grade, as a learning platform wants
# them; to standard output
#
# FILE is a results.json, or what class.jq says of canvas and moodle; without it
# standard input is read. Nothing is written unless all of it can be. Exits 0, or
# 1 with a line that says why not. Some formats take options from the
# environment: their programs, FORMAT.jq, say which.
set -u

fail()
{
	echo "export: $*" >&2
	exit 1
}

here=$(cd "$(dirname "$0")" && pwd) || exit 1
formats="tap junit gradescope classroom50 prairielearn autolab exercism canvas \
moodle"
format=${1-}
case " $formats " in
*" $format "*) ;;
*) fail "AS=$format: not known here; there are $formats" ;;
esac
file=${2-}
if [ "$file" ]; then
	[ -r "$file" ] || fail "$file: cannot be read"
	exec <"$file"
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
jq -nr -L "$here" -f "$here/$format.jq" >"$work/out" 2>"$work/err" ||
	fail "${file:-standard input} as $format: $(head -n 1 "$work/err" |
		sed 's/^jq: error ([^)]*): //')"
cat "$work/out" 2>/dev/null || fail "cannot write ${file:-it} as $format"
