# A line of what a gate lists (--list), as a line of the plan of a grading. $stage
# is whose gate it is.
split("\t")
| {stage: $stage, name: .[0], max_points: (.[1] | tonumber), intent: .[2],
   takes_whole: (.[4] == "whole")}
