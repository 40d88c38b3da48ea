# The class, as an array: {id, name, email, state, results}, name and email if
# $roster (CSV) has them, results unless there are none. $states has a line for
# each student, state and id with a tab between; $results {id, results} of each.

# Rows of fields. A field may have its quotes, and commas in them, but no newline.
def rows: ltrimstr("\ufeff")
	| [splits("\r?\n") | select(. != "")]
	| (if length > 0 and (.[0] | contains(";")) then ";" else "," end) as $between
	| map([$between + . | match("\($between)(?:\"((?:[^\"]|\"\")*)\"|([^\($between)]*))"; "g")
		| .captures | .[1].string // (.[0].string | gsub("\"\""; "\""))
			| gsub("^ +| +$"; "")]);

def roster: rows
	| (.[0] // [] | map(ascii_downcase | gsub("[ -]"; ""))) as $columns
	| ($columns | index("id")) as $id
	| if . == [] then {}
	  elif $id == null then error("the roster has no column id")
	  else .[1:] | map(. as $row | {key: $row[$id], value: (["name", "email"]
		| map(. as $c | {key: $c, value: $row[$columns | index($c) // empty]}
			| select(.value // "" | . != "")) | from_entries)}
		| select(.key // "" | . != ""))
		| (group_by(.key) | map(select(length > 1))[0][0].key) as $twice
		| if $twice then error("the roster has \($twice) twice") else . end
		| from_entries end;

($roster | roster) as $people
| ($results | map({key: .id, value: .results}) | from_entries) as $by
| [$states | split("\n")[] | select(. != "") | split("\t")
	| {id: .[1]} + ($people[.[1]] // {}) + {state: .[0]}
	+ ($by[.[1]] | if . then {results: .} else {} end)]
| sort_by(.id)
