# What all exporters share: the results, with text that does nothing.
#
# Whatever a student's program can have written stays text to whoever shows it:
# it is cut, valid UTF-8, and free of markup, escape codes and commands. Nothing
# of that is left to the grader, which has its own bounds.

# Of each test, of all together, and of what is to be one line.
def most_text: 2000;
def most_texts: 150000;
def most_line: 200;

# As many characters as n, and a mark where something is missing.
def cut($n): if length > $n then .[:$n - 1] + "…" else . end;

# The characters that say how others are shown (controls, directions, tags), that
# cannot be seen, or that are none. Newline and tab are text.
def invisible:
	(. < 32 and . != 9 and . != 10) or (. >= 127 and . <= 159)
	or . == 173 or . == 847 or . == 1564 or . == 1757 or . == 1807
	or (. >= 1536 and . <= 1541) or . == 2192 or . == 2193 or . == 2274
	or . == 4447 or . == 4448 or (. >= 6068 and . <= 6069)
	or (. >= 6155 and . <= 6159) or (. >= 8203 and . <= 8207)
	or (. >= 8232 and . <= 8238) or (. >= 8288 and . <= 8303)
	or . == 12644 or (. >= 55296 and . <= 57343)
	or (. >= 64976 and . <= 65007) or (. >= 65024 and . <= 65039)
	or . == 65279 or . == 65440 or (. >= 65520 and . <= 65531)
	or (. % 65536) >= 65534 or . == 69821 or . == 69837
	or (. >= 78896 and . <= 78911) or (. >= 113824 and . <= 113827)
	or (. >= 119155 and . <= 119162) or (. >= 917504 and . <= 921599);

def visible: explode | map(if invisible then 65533 else . end) | implode;

# What a browser, Markdown or the log of a build (GitHub, Azure, TeamCity) takes
# for more than text is written apart. It stays legible.
def defused:
	if test("[^ -~\n]|[<\\]!@#]|::") | not then . else
	gsub("\r\n"; "\n") | visible
	| gsub("<(?=[A-Za-z/!?])"; "< ")
	| gsub("\\](?=[(\\[:])"; "] ")
	| gsub("!(?=\\[)"; "! ")
	| gsub("@(?=[A-Za-z0-9])"; "@ ")
	| gsub("##(?=[\\[A-Za-z])"; "# #")
	| gsub("(?<start>^|\n)(?<blank>[\\s\\p{Z}]*?)::"; "\(.start)\(.blank): :")
	end;

# Cut first: what follows takes time for each character.
def text($n): (. // "") | tostring | .[:$n + 1] | defused | cut($n);
def line($n): text($n) | gsub("[\n\t]"; " ");

# Whether the grader had no time for some of a stage, or could not judge it: its
# points say nothing about the student then. The messages are those of grade.sh.
def unjudged:
	any(.tests[]; .status == "failed" and (.message
		| IN("it was not judged yet", "it could not be built",
			"it could not be judged", "the grading ended before it")));

# The results, once they are seen to be some.
def course:
	if type != "object" or .schema != "ten-stages/1"
		or (.stages | type) != "array"
	then error("these are no results of the course: no schema ten-stages/1")
	else . end
	| ([most_text, (most_texts / ([1, ([.stages[].tests | length] | add
		// 0)] | max) | floor)] | min) as $each
	| .score |= (. // 0) | .max_score |= (. // 0)
	| .stages |= map(
		{stage: (.stage | line(most_line)), score, max_score, built,
		 unjudged: unjudged}
		+ {tests: (.tests | map({
			name: (.name | line(most_line)),
			intent: (.intent | line(most_line)),
			status: (if .status | IN("passed", "skipped")
				then .status else "failed" end),
			points, max_points,
			message: (.message | text($each)),
			command: (.command | text([$each, 500] | min)),
			seconds: (.seconds // 0)}))});

# What is read, if it is the results of one student.
def results:
	[limit(1; inputs)]
	| if . == [] then error("it is empty") else .[0] | course end;

# The number of a stage: 3 of 03-signals.
def number: .[:2] | ltrimstr("0") | tonumber? // 0;

# What is to be read of a test.
def report:
	if .status == "passed" then ""
	else (if .status == "skipped" then "skipped: " else "" end)
		+ .message
		+ (if .command != "" then "\nran: " + .command else "" end)
	end;

# Points, in words.
def points_of: "\(.score) of \(.max_score) points";

# The points that nobody judged are told of, so that they are not taken for lost.
def summary($note):
	([.stages[] | select(.unjudged) | .stage] | join(", ")) as $left
	| points_of
	+ (if $left != "" then "\nNot judged: \($left)." else "" end)
	+ (if $note != "" then "\n" + ($note | line(most_line)) else "" end);

# An option from the environment, one of several words.
def option($name; $words):
	(env[$name] // "") as $value
	| if $value == "" then $words[0]
	elif $words | index([$value]) then $value
	else error("\($name)=\($value | line(40)): one of "
		+ ($words | join(", "))) end;
