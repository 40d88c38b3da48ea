# JUnit's XML, as Jenkins reads it and most others do:
# https://github.com/jenkinsci/xunit-plugin, junit-10.xsd
#
# The points are properties: a test suite has none of its own.
include "text";

def attribute: @html | gsub("\n"; "&#10;") | gsub("\t"; "&#9;");
def attributes: to_entries | map(" \(.key)=\"\(.value | tostring
	| attribute)\"") | join("");
def element($name; $with; $text):
	"<\($name)\($with | attributes)>\($text | @html)</\($name)>";
def first_line: split("\n")[0] // "" | cut(most_line);
def counts:
	{tests: length, failures: map(select(.status == "failed")) | length,
	 errors: 0, skipped: map(select(.status == "skipped")) | length};
def seconds: (map(.seconds) | add // 0) * 1000 | round / 1000;

results
| "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
  "<testsuites\({name: "Ten Stages to a Container"}
	+ ([.stages[].tests[]] | (counts | del(.skipped)) + {time: seconds})
	| attributes)>",
  (.stages[] | .stage as $stage
	| "<testsuite\({name: .stage} + (.tests | counts + {time: seconds})
		| attributes)>",
	  "<properties>",
	  "<property\({name: "score", value: .score} | attributes)/>",
	  "<property\({name: "max_score", value: .max_score} | attributes)/>",
	  "</properties>",
	  (.tests[]
		| "<testcase\({name: .name, classname: $stage, time: .seconds}
			| attributes)>"
		+ (if .status == "failed" then
			element("failure"; {message: (.message | first_line),
				type: "failed"}; report)
		elif .status == "skipped" then
			element("skipped"; {message: (.message | first_line)}; "")
		else "" end)
		+ "</testcase>"),
	  "</testsuite>"),
  "</testsuites>"
