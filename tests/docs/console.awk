# console.awk - takes the console blocks out of a page
#
#	awk -v work=DIR -f console.awk PAGE.md
#
# For the n-th block ("```console") DIR/n.sh does what its "$ " lines say, each
# shown before it is done, and DIR/n.want is the block itself, which is what is
# to come of it. DIR/n.line has the number of its first line. A line "> " goes
# on with the command above it.

function show(text)
{
	gsub(/'/, "'\\''", text)
	printf "printf '%%s\\n' '%s'\n", text >script
}

function finish_command()
{
	if (command != "")
		print command >script
	# A person takes that long to type the next line.
	if (command ~ /&$/)
		print "command sleep 0.3" >script
	command = ""
}

/^```console$/ {
	n++
	script = work "/" n ".sh"
	want = work "/" n ".want"
	print NR + 1 >(work "/" n ".line")
	printf "" >want
	on = 1
	next
}
/^```$/ && on {
	finish_command()
	on = 0
	close(script)
	close(want)
	next
}
!on { next }
{ print >want }
/^\$ / {
	finish_command()
	command = substr($0, 3)
	show($0)
	next
}
/^> / && command != "" {
	command = command "\n" substr($0, 3)
	show($0)
	next
}
