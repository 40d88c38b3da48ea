# gradebook.html of what class.jq makes: one page that needs nothing else, $look, $style
# in it. The class is what one sees first; each student has a part that shows
# alone when the address ends in its name. $title is the name of the class.
include "inert";

# What a student can have written stays text.
def text: tostring | inert | @html;
def cut(n): if length > n then .[:n] + " […]" else . end;

def plural(one; many): "\(.) \(if . == 1 then one else many end)";
def students: plural("student"; "students");
def round1: . * 10 | round / 10;
def percent($of): if $of == 0 then 0 else 100 * . / $of | round end;

# of sorted numbers, as spreadsheets do it
def quantile($q): if length == 0 then null else
	((length - 1) * $q) as $at | ($at | floor) as $low
	| .[$low] + ($at - $low) * ((.[$low + 1] // .[$low]) - .[$low]) end;

# Names and numbers are drawn anew for each run: without them the same failure
# is the same message.
def alike: gsub("t[0-9a-f]{16}x*|[0-9]+"; "…");

# [message, ...] to [{message, count}, ...], the commonest first
def commonest: group_by(.) | map({message: .[0], count: length})
	| group_by(.message | alike)
	| map({count: (map(.count) | add), message: (if length == 1
		then .[0].message else .[0].message | alike end)})
	| sort_by(-.count);

def messages: commonest | if length == 0 then "" else
	"<ul class=said>"
	+ (.[:3] | map("<li><b>\(.count)×</b> \(.message | cut(400) | text)")
		| join(""))
	+ (if length > 3 then "<li class=faint>\(length - 3 | plural("other";
		"others"))" else "" end)
	+ "</ul>" end;

def bar($width): "<span class=bar><i style=width:\($width)%></i></span>";

def kind($built): if .status == "skipped" then "s"
	elif $built | not then "n"
	elif .status == "passed" then "p"
	else "f" end;
def mark: {s: "–", n: "×", f: "0"};

def fact($name; $value): "<div><dt>\($name)<dd>\($value)</div>";

def facts($full): (map(.results.score) | sort) as $scores
	| "<dl class=facts>"
	+ fact("Students"; length)
	+ if length == 0 then "" else
	fact("Mean"; "\($scores | add / length | round1) of \($full)")
	+ fact("Median"; $scores | quantile(0.5) | round1)
	+ fact("Quartiles"; "\($scores | quantile(0.25) | round1), \($scores
		| quantile(0.75) | round1)")
	+ fact("Lowest, highest"; "\($scores[0]), \($scores[-1])") end
	+ "</dl>";

def distribution($full): (if $full <= 20 then $full + 1 else 10 end) as $bins
	| map(.results.score | if $full <= 20 then . else
		[. * 10 / $full | floor, 9] | min end) as $in
	| [range($bins) as $bin | {
		label: (if $full <= 20 then "\($bin)" else
			"\($bin * $full / 10 | ceil)–\(if $bin == 9 then $full else
			(($bin + 1) * $full / 10 | ceil) - 1 end)" end),
		count: ($in | map(select(. == $bin)) | length)}]
	| ([.[].count] | max) as $most
	| "<table class=bars><thead><tr><th scope=col>Points<th scope=col>Students"
	+ "<tbody>" + (map("<tr><th scope=row>\(.label)<td>"
		+ bar(.count | percent($most)) + "<span>\(.count)</span>")
		| join("")) + "</table>";

def stages($columns): . as $class
	| "<table class=stages><thead><tr><th scope=col>Stage<th scope=col>Mean<th scope=col>All points"
	+ "<th scope=col>Not built<tbody>"
	+ ($columns | to_entries | map(.key as $at
		| [$class[].results.stages[$at]] as $all
		| ($all | map(select(.built | not))) as $without
		| "<tr><th scope=row>\(.value.stage)<td>\($all | map(.score) | add
			/ length | round1) of \(.value.max_score)<td>\($all
			| map(select(.score == .max_score)) | length)<td>\($without
			| length)" + if $without == [] then "" else
			"<tr><td colspan=4>" + ($without
				| map(.tests[0].message) | messages) end)
		| join("")) + "</table>";

def legend: "<ul class=legend><li><b class=p>2</b> passed: its points"
	+ "<li><b class=f>0</b> failed<li><b class=n>×</b> not built"
	+ "<li><b class=s>–</b> skipped: this machine could not judge it</ul>";

# A line between stages, by the place of the column.
def lines($columns): $columns | map(.tests | length) | .[:-1]
	| [foreach .[] as $n (0; . + $n)] | map(
		".map tbody td:nth-child(\(. + 3)), .map thead tr + tr th:nth-child(\(. + 1))")
	| if . == [] then "" else join(",\n") + " { border-left: .25rem solid"
		+ " var(--paper) }\n" end;

def heat_map($columns): "<div class=map tabindex=0 role=region "
	+ "aria-label=\"Students and tests\"><table><thead><tr>"
	+ "<th rowspan=2 scope=col>Student<th rowspan=2 scope=col>Points"
	+ ($columns | map("<th colspan=\(.tests | length) scope=colgroup>"
		+ "<span>\(.stage)</span>") | join("")) + "<tr>"
	+ ($columns | map(.stage as $stage | .tests | to_entries
		| map("<th scope=col><a href=\"#\($stage)-\(.value.name)\" title=\"\($stage)"
			+ " \(.value.name), \(.value.max_points | plural("point";
			"points"))\">\(.value.name)</a>") | join("")) | join(""))
	+ "<tbody>"
	+ (map("<tr><th scope=row><a href=#s\(.number)>\(.shown)</a>"
		+ if .results then "<td>\(.results.score)"
			+ (.results.stages | map(.built as $built | .tests
			| map(kind($built) as $kind | if $kind == "p"
				then "<td>\(.points)"
				else "<td class=\($kind)>\(mark[$kind])" end)
			| join("")) | join(""))
		else "<td>\n<td colspan=\($columns | map(.tests | length)
			| add // 1) class=none>\(.state)" end) | join("\n"))
	+ "</table></div>";

# Whoever has not built a stage has failed none of its tests in a way that
# tells about the test.
def hardest($columns): [.[].results.stages[] | select(.built)]
	| group_by(.stage) | map({key: .[0].stage, value: .}) | from_entries
	| . as $by
	| [$columns[] | .stage as $stage | .tests | to_entries[] | .key as $at
		| .value as $test | [($by[$stage] // [])[].tests[$at]]
		| {id: "\($stage)-\($test.name)", $stage, name: $test.name,
		   intent: $test.intent, of: length,
		   failed: map(select(.status == "failed").message)}
		| select(.failed != [])]
	| sort_by(- (.failed | length)) as $all
	| def item: (.failed | length) as $n | "<li id=\"\(.id)\"><p><b>\(.stage)"
		+ " <code>\(.name)</code></b> <span>\($n) of \(.of)"
		+ "</span>\(bar($n | percent($all[0].of)))<p class=faint>"
		+ "\(.intent | text)\(.failed | messages)";
	if $all == [] then "<p>None that anybody has failed." else
	"<ol class=tests>\($all[:10] | map(item) | join(""))</ol>"
	+ if ($all | length) > 10 then "<details><summary>\($all | length - 10
		| plural("test"; "tests")) more</summary><ol class=tests start=11>"
		+ ($all[10:] | map(item) | join("")) + "</ol></details>"
	  else "" end end;

# What a teacher has to know before looking at points.
def warnings: (map(select(.state != "graded"))) as $open
	| [.[].results // empty | .stages[].tests[] | select(.status == "skipped")]
		as $skipped
	| (if $open == [] then "" else "<div class=note role=note><p><b>"
		+ "\($open | length | students) not graded, or not in full:</b> "
		+ ($open | map("<a href=#s\(.number)>\(.shown)</a>") | join(", "))
		+ ". They are in no mean and no count of this page.</div>" end)
	+ (if $skipped == [] then "" else "<div class=note role=note><p><b>"
		+ "\($skipped | length | plural("test was"; "tests were"))"
		+ " skipped,</b> for the machine that judged could not run them."
		+ " That is nobody's fault, and there are no points for them:"
		+ ($skipped | map(.message) | messages) + "</div>" end);

def tests_of: (.tests | map(select(.status == "passed"))) as $passed
	| (.tests - $passed) as $rest
	| if .built | not then "<p class=said>\(.tests[0].message | cut(700) | text)"
	else (if $passed == [] then "" else "<p>Passed: \($passed | map(.name)
		| join(", "))" end)
	+ (if $rest == [] then "" else "<table><thead><tr><th scope=col>Test"
	+ "<th scope=col>Points<th scope=col>What was seen<tbody>"
	+ ($rest | map("<tr><th scope=row>\(.name)<td class=\(kind(true))>"
		+ "\(.points)/\(.max_points)<td><p class=faint>\(.intent | text)"
		+ "<p class=said>" + (if .status == "skipped" then "skipped: "
			else "" end) + (.message | cut(700) | text)
		+ (if .command == "" then ""
			else "<p><code>\(.command | cut(700) | text)</code>" end))
		| join("")) + "</table>" end) end;

def student: "<section class=student id=s\(.number)>"
	+ "<p><a href=#class>← The class</a>"
	+ "<h2>\(.shown)</h2><p>"
	+ ([(.name, .email) // empty | text] | join(", ")
		| if . == "" then "" else . + "<p>" end)
	+ (if .results then "\(.results.score) of \(.results.max_score) points"
		else "No points" end)
	+ (if .state == "graded" then "" else ": <b>\(.state)</b>" end)
	+ (if .results then "<p class=faint>All of it is in <code>\(.shown)"
		+ "/results.json</code>, what the compiler said in "
		+ "<code>\(.shown)/build.log</code>." else "" end)
	+ (.results.stages // [] | map("<h3>\(.stage) <span>\(.score) of "
		+ "\(.max_score)</span></h3>" + tests_of) | join(""))
	+ "</section>";

to_entries | map(.value + {number: .key, shown: (.value.id | text)})
| . as $class
| map(select(.state == "graded")) as $graded
| ($class | map(select(.results))[0].results.stages // []) as $columns
| ($columns | map(.max_score) | add // 0) as $full
| "<!DOCTYPE html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content=\"width=device-width, initial-scale=1\">
<meta name=color-scheme content=\"light dark\">
<title>\($title | text): gradebook</title>
<link rel=icon href=\"data:,\">
<style>
\($look)\($style)\(lines($columns))</style>
</head>
<body>
<main>
<div id=class>
<h1>\($title | text)</h1>",
($class | warnings),
($graded | facts($full)),
if $graded == [] then empty else
"<h2>Points</h2>", ($graded | distribution($full)),
"<h2>Stages</h2>", ($graded | stages($columns)) end,
"<h2>Students and tests</h2>", legend, ($class | heat_map($columns)),
if $graded == [] then empty else
"<h2>What most people fail</h2>
<p>Of those whose stage was built, the tests that most have failed, and what was
seen most often. A … stands for names and numbers, which differ from run to run.",
($graded | hardest($columns)) end,
"</div>",
($class[] | student),
"</main>
</body>
</html>"
