# TAP 14, for prove and what else reads it:
# https://testanything.org/tap-version-14-specification.html
#
# TAP=13 in the environment is for a prove that does not know version 14 yet; but
# for its first line it is the same.
#
# A skipped test is one that did not pass. TAP's own SKIP is not used, for to
# those who read it that is a success.
include "text";

# A # would begin a directive.
def description: gsub("\\\\"; "\\\\") | gsub("#"; "\\#");

# What JSON has in quotes, YAML has too.
def diagnostics:
	"  ---", "  message: \(.message | @json)", "  severity: fail",
	"  status: \(.status)", "  points: \(.points)",
	"  max_points: \(.max_points)",
	(if .command != "" then "  command: \(.command | @json)" else empty end),
	"  ...";

option("TAP"; ["14", "13"]) as $version
| results
| [.stages[] | .stage as $stage | .tests[] | . + {stage: $stage}] as $tests
| "TAP version \($version)",
  "1..\($tests | length)",
  (range($tests | length) as $i | $tests[$i]
	| (if .status == "passed" then "ok" else "not ok" end)
	+ " \($i + 1) - \("\(.stage) \(.name): \(.intent)" | description)",
	(select(.status != "passed") | diagnostics)),
  "# \(points_of)"
