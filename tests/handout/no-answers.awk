# no-answers.awk - where one text gives another's answers away
#
#	awk -f no-answers.awk part=solutions FILE... part=others FILE... \
#		part=given FILE...
#
# Solutions have their answers between markers; others are answers as a whole,
# but for what the solutions have too. What is given is searched. White space
# makes no difference, and lines of less than SHORT other characters, which say
# little, are passed over.
#
# A page (.md) may have no line of an answer on a line of its own, as in a
# listing; hints may name a call within a sentence. Code may have three in a row:
# whoever checks his system calls, as all of this kit does, writes what others
# write. Four in a row are somebody's answer.

BEGIN {
	SHORT = 25
	ROW = 4
}

FNR == 1 {
	inside = part == "others"
	page = FILENAME ~ /\.md$/
	row = 0
}

part == "solutions" && /<\/?answer>/ {
	inside = /<answer>/
	row = 0
	next
}

{
	line = $0
	gsub(/[ \t\r]/, "", line)
	if (length(line) < SHORT)
		next
	last[++row] = line
	rows = line
	for (i = 1; i < ROW; i++)
		rows = last[row - i] "\n" rows
	where = FILENAME ":" FNR
}

part == "given" {
	if (page && line in answer)
		printf "%s: is a line of %s\n", where, answer[line]
	else if (row >= ROW && rows in answer)
		printf "%s: ends %d lines of %s\n", where, ROW, answer[rows]
	next
}

!inside {
	told[line]
	told[rows]
	next
}

!(line in told) { answer[line] = where }
row >= ROW && !(rows in told) { answer[rows] = where }
