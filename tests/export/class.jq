# What the gradebooks of a class share.
#
# Their input is an array, or one after the other, of
#
#	{"id": "LOGIN", "name": "...", "email": "...", "results": RESULTS}
#
# id is what the platform knows somebody by when they log in; sis_id (the number
# of the registry), section and canvas_id may be there too. Nothing but id is
# needed. RESULTS is a results.json of make grade, or null when there is none:
# then the points are left empty, and so are those of stages that the grader did
# not come to. A results.json by itself is that of who STUDENT in the environment
# says.
#
# GRADES=stages in the environment, which is usual, gives a column to each stage,
# GRADES=total one to all of them.
include "text";

# A spreadsheet takes what begins so for a formula. A blank before it would be cut.
def no_formula: if test("^\\s*[=+\\-@|%＝＋－＠]") then "'" + . else . end;

# The text of a field: of one line, of what can be seen, and no formula.
def harmless: if . == null then . else
	tostring | .[:most_line] | gsub("[\r\n\t]+"; " ") | visible | no_formula
	end;

# A field of a line of CSV (RFC 4180), which a semicolon does not divide either.
def field:
	if . == null then ""
	elif type == "number" then tostring
	else harmless
		| if test("[\",;']|^ | $") then "\"" + gsub("\""; "\"\"") + "\""
		else . end
	end;
def row: map(field) | join(",");

def student:
	if type == "object" and .schema == "ten-stages/1"
		and (env.STUDENT // "") != ""
	then {id: env.STUDENT, results: .} else . end
	| if type == "object" and (.id | type) == "string" and .id != ""
		and has("results") then .
	else error("not a student of a class: {\"id\": LOGIN, \"results\": "
		+ "RESULTS} is wanted, or a results.json and STUDENT=LOGIN") end
	| .results |= (if . == null then null else course end);

def class:
	[inputs | if type == "array" then .[] else . end | student]
	| if . == [] then error("nobody is in the class") else . end;

# {name, max_score} of each column, and the points of a student in them.
def columns:
	if option("GRADES"; ["stages", "total"]) == "total"
	then [{name: "Ten Stages to a Container",
		max_score: (map(.results.max_score // 0) | max)}]
	else map(.results.stages // [] | .[]) | group_by(.stage)
		| map({name: .[0].stage, max_score: (map(.max_score) | max),
			stage: .[0].stage}) end;
def points($columns):
	.results as $results
	| $columns | map(.stage as $stage
		| if $stage then $results.stages // [] | map(select(.stage
			== $stage and (.unjudged | not)).score)[0]
		elif $results and all($results.stages[]; .unjudged | not)
		then $results.score else null end);
