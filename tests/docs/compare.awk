# compare.awk - whether what came is what a page shows
#
#	awk -f compare.awk WANT GOT
#
# In WANT a line "..." stands for any number of lines, and "…" in a line for
# anything at all there. Blanks at the ends of a line do not count, and any
# number of them elsewhere is as good as one. Says the first line that has
# nothing to match it, and exits 1.

function plain(text)
{
	gsub(/\r/, "", text)
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	sub(/ $/, "", text)
	return text
}

function pattern(text)
{
	gsub(/[][\\.*+?(){}|^$\/]/, "\\\\&", text)
	gsub(/…/, ".*", text)
	return "^" text "$"
}

# Lines i and on of WANT are lines j and on of GOT.
function matches(i, j)
{
	for (; i <= wanted; i++ + j++) {
		if (want[i] == "...") {
			for (; j <= came + 1; j++)
				if (matches(i + 1, j))
					return 1
			return 0
		}
		if (i > furthest) {
			furthest = i
			instead = j <= came ? got[j] : "(nothing)"
		}
		if (j > came || got[j] !~ pattern(want[i]))
			return 0
	}
	return j > came
}

FNR == NR { want[++wanted] = plain($0); next }
{ got[++came] = plain($0) }
END {
	if (matches(1, 1))
		exit 0
	printf "expected: %s\nfound: %s\n", want[furthest], instead
	exit 1
}
