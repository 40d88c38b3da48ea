# result.json for Classroom 50, classroom50/result/v1:
# https://github.com/foundation50/classroom50, schemas/result-v1.schema.json
#
# Whose result it is comes from the environment, where its runner puts it.
# DATETIME there, when it was handed in, is now unless it is given.
include "text";

def from($name):
	env[$name] // "" | if . == "" then error("\($name) is not in the "
		+ "environment: Classroom 50's runner sets it") else . end;

# Its scores are integers, and so are the points of this course.
def integer: if . == floor then floor
	else error("\(.) points: Classroom 50 takes whole ones") end;

results
| {schema: "classroom50/result/v1",
   classroom: from("CLASSROOM"),
   assignment: from("ASSIGNMENT"),
   assignment_type: option("ASSIGNMENT_TYPE"; ["individual", "group",
	"team"]),
   owner: (env.OWNER // "" | if . == "" then from("USERNAME") else . end),
   submission: from("SUBMISSION_TAG"),
   commit: from("COMMIT_URL"),
   release: from("RELEASE_URL"),
   review: (env.REVIEW_URL // "" | if . == "" then from("COMMIT_URL")
	else . end),
   datetime: (env.DATETIME // "" | if . == "" then now
	| strftime("%Y-%m-%dT%H:%M:%SZ") else . end),
   score: (.score | integer),
   "max-score": (.max_score | integer),
   tests: [.stages[] | .stage as $stage | .tests[]
	| {"test-name": "\($stage)/\(.name)",
	   passed: (.status == "passed"),
	   score: (.points | integer),
	   "max-score": (.max_points | integer),
	   status, intent, message: report}]}
