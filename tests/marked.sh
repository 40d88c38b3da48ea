# marked.sh - who carries a mark in the environment, for test scripts to source
# shellcheck shell=sh disable=SC2154 # $mark is whose sources this
#
# $mark is a NAME=VALUE that is in the environment of what is looked for: all
# that was started with it has it, whatever became of its parents.

# marked NAME: processes with the mark, of such a name, are there
marked()
{
	# shellcheck disable=SC2013 # names without blanks
	for process in $(grep -lszxF "$mark" /proc/[0-9]*/environ); do
		grep -q "$1" "${process%environ}comm" 2>/dev/null && return
	done
	false
}

none_marked()
{
	! marked .
}

# within SECONDS COMMAND...: it becomes true
within()
{
	tries=$(($1 * 5))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
