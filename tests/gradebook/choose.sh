#!/bin/sh
# choose.sh BUILD CLASS OUT RUN [STAGE] - whose submissions of a class are to be
# graded: those that have changed since OUT/NAME/graded was made
#
# Each folder in CLASS gets a number, by which all that follows calls it. Leaves
# in RUN/NUMBER its name, src and files (as collect makes them), key (what its
# points depend on) and, if they are known already, the empty file graded; why,
# if it could not be looked at. RUN/todo has a line for each that is to be graded:
# number, tab, name. RUN/refused has one for each that cannot be anybody's. RUN/kit
# is what judges them.
#
# Exits 125 when there is nobody, or RUN cannot be written.
set -u
build=$1
class=$2
out=$3
run=$4
stage=${5-}
# shellcheck source=tests/gradebook/say.sh
. tests/gradebook/say.sh
# shellcheck source=tests/grade/stages.sh
. tests/grade/stages.sh

# The files that are looked at.
# shellcheck disable=SC2046,SC2086 # names are words
known=$(paths_of $(needed_for ${stage:-$stages}))

# key_of JOB
key_of()
{
	{
		echo "$(cat "$run/kit") $stage ${SEED-} ${JUDGE_IN-}"
		awk -F '\t' '{ print $1, $2, $3, $3 == "taken" ? "" : $4 }' \
			"$1/files"
		cd "$1/src" && find . -type f -exec sha256sum {} + | sort
	} | sha256sum | cut -d' ' -f1
}

# why_not NAME: it cannot be a student's; nothing: it can
why_not()
{
	case $1 in
	*[[:cntrl:]]*) echo "a control character is in its name" ;;
	gradebook.csv | gradebook.html | class.json | canvas.csv | moodle.csv | \
		joblog | roster.csv) echo "a file of the gradebook is called that" ;;
	*[!\ -~]*)
		if [ "$(printf %s "$1" | jq -Rrj .)" != "$1" ]; then
			echo "its name is not UTF-8"
		elif printf %s "$1" | jq -eR 'test("[\\p{Cc}\u202a-\u202e\u2066-\u2069]")' \
			>/dev/null; then
			echo "a control character is in its name"
		fi
		;;
	esac
	if [ -e "$out/$1" ] && [ ! -d "$out/$1" ]; then
		echo "OUT has a file that is called that"
	fi
}

if ! : >"$run/todo" || ! : >"$run/refused"; then
	die "OUT: cannot write to $run"
fi
number=0
ignored=0
some=
for path in "$class"/* "$class"/.[!.]* "$class"/..?*; do
	name=${path##*/}
	if [ -L "$path" ] || [ ! -d "$path" ] || [ "$name" = __MACOSX ] ||
		[ "${name#.}" != "$name" ]; then
		[ -e "$path" ] || [ -L "$path" ] || continue
		[ "$name" != roster.csv ] || continue
		ignored=$((ignored + 1))
		[ $ignored -gt 3 ] || some="$some${some:+, }$name"
		continue
	fi
	why=$(why_not "$name")
	if [ "$why" ]; then
		say "refused: $(printf %s "$name" | tr '[:cntrl:]\200-\377' '?'):" \
			"$why; give it another name"
		echo "$why" >>"$run/refused"
		continue
	fi
	number=$((number + 1))
	job=$run/$number
	mkdir "$job" "$job/src" || die "OUT: cannot write to $run"
	printf '%s\n' "$name" >"$job/name"
	# shellcheck disable=SC2086 # names are words
	if ! "$build/grade/collect" "$path" "$job/src" $known >"$job/files" \
		2>"$job/why"; then
		say "$name: $(head -n 1 "$job/why")"
		continue
	fi
	key_of "$job" >"$job/key"
	if cmp -s "$job/key" "$out/$name/graded" &&
		grep -qs '"ten-stages/1"' "$out/$name/results.json"; then
		: >"$job/graded"
		rm -rf "$job/src" "$job/files"
	else
		printf '%s\t%s\n' "$number" "$name" >>"$run/todo"
	fi
done
if [ $ignored -gt 0 ]; then
	[ $ignored -le 3 ] || some="$some and $((ignored - 3)) more"
	say "ignored, for they are no student's folders: $(printf %s "$some" |
		tr '[:cntrl:]' '?')"
fi
[ $number -gt 0 ] || [ -s "$run/refused" ] ||
	die "$class: there is no student's folder in it"
