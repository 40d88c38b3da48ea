# What $build/grade/stages says: how each stage is built, the course in order. To
# be sourced.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # who sources this has $build, and uses these
stages=
while read -r one _; do
	stages="$stages${stages:+ }$one"
done <"$build/grade/stages"
last=${stages##* }

# files_of STAGE, program_of STAGE
files_of()
{
	while read -r one _ files; do
		[ "$one" != "$1" ] || echo "$files"
	done <"$build/grade/stages"
}
program_of()
{
	while read -r one program _; do
		[ "$one" != "$1" ] || echo "$program"
	done <"$build/grade/stages"
}

# needed_for STAGE...: those whose files it takes; for the last one all of them
needed_for()
{
	case " $* " in
	*" $last "*) echo "$stages" ;;
	*) echo "$*" ;;
	esac
}

# paths_of STAGE...: STAGE/FILE of each of their files
paths_of()
{
	for one; do
		for file in $(files_of "$one"); do echo "$one/$file"; done
	done
}
