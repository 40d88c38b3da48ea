# results.json of a grading, from $planned, a line for each test that there is,
# and $seen, the lines that gates have written so far, "STAGE<tab>JSON": the gate
# of a stage says something of that one alone, and only whether a test has
# passed; what it is worth is planned. What no gate has said anything of scores
# nothing: the lines of $why, "STAGE<tab>TEXT", say what came between. $no_whole, unless it is empty, says why there is no box that is made of
# the submission alone.

include "inert";

# Half a line may be what a machine that failed has left.
def said:
	(index("\t") // 0) as $tab | .[:$tab] as $stage
	| .[$tab + 1:] | fromjson? | objects
	| select(.stage == $stage and (.status | IN("passed", "failed", "skipped")));

($seen | split("\n") | map(said | {key: "\(.stage)/\(.name)", value: .})
	| from_entries) as $by
| ($why | split("\n") | map(select(. != "") | split("\t")) | group_by(.[0])
	| map({key: .[0][0], value: (map(.[1]) | join("\n"))})
	| from_entries) as $why
| ($no_whole | rtrimstr("\n")) as $no_whole
| def result:
	$by["\(.stage)/\(.name)"] as $r
	| {name, intent,
	   status: ($r.status // "failed"),
	   points: (if $r.status == "passed" then .max_points else 0 end),
	   max_points,
	   message: ($r.message // $why[.stage] // "" | tostring | inert | .[:4000]),
	   command: ($r.command // "" | tostring | inert | .[:4000]),
	   seconds: ($r.seconds | numbers // 0)}
	  + if .takes_whole and $r and $no_whole != "" then
		{status: "failed", points: 0, message: ("it takes a box made of "
			+ "your own ten answers alone, and \($no_whole)")}
	    else {} end;
$planned | group_by(.stage)
| map({stage: .[0].stage, tests: map(result),
	built: any(.[]; $by["\(.stage)/\(.name)"] != null)})
| map({stage, score: (.tests | map(.points) | add),
	max_score: (.tests | map(.max_points) | add), built, tests})
| {schema: "ten-stages/1", score: (map(.score) | add),
   max_score: (map(.max_score) | add), seed: $seed, stages: .}
