# starter.awk - a student's file, from its answer
#
# "Task N:" in a comment becomes "TODO N:". From <answer> to </answer>, each in
# a comment of its own, stands the answer: the starter has what follows
# <answer> in its comment there, or nothing. What is left has no two empty
# lines in a row.

function fail(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what >"/dev/stderr"
	failed = 1
	exit 1
}

/^[ \t]*\/\* <answer>.*\*\/$/ {
	if (inside)
		fail("<answer> inside <answer>")
	inside = 1
	line = $0
	sub(/\/\* <answer> */, "", line)
	sub(/ *\*\/$/, "", line)
	if (line ~ /[^ \t]/) {
		print line
		empty = 0
	}
	next
}

/^[ \t]*\/\* <\/answer> \*\/$/ {
	if (!inside)
		fail("</answer> without <answer>")
	inside = 0
	next
}

/<\/?answer>/ { fail("a marker that is not a comment of its own") }

inside { next }

/^$/ {
	if (!empty++)
		print
	next
}

{
	empty = 0
	while (match($0, /Task [0-9]+:/))
		$0 = substr($0, 1, RSTART - 1) "TODO" substr($0, RSTART + 4)
	print
}

END {
	if (!failed && inside)
		fail("<answer> without </answer>")
}
