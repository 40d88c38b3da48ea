# marked.sh - who carries a mark in the environment, for test scripts to source
# shellcheck shell=sh disable=SC2154 # $mark is whose sources this
#
# $mark is a NAME=VALUE that is in the environment of what is looked for: all
# that was started with it has it, whatever became of its parents.

# marked: the process ids of those with the mark
marked()
{
	for pid in $(grep -lszxF "$mark" /proc/[0-9]*/environ | tr -dc '0-9\n'); do
		# Those that did the looking are gone by now.
		[ ! -d "/proc/$pid" ] || echo "$pid"
	done
}

# marked_as NAME: one of them has such a name
marked_as()
{
	for pid in $(marked); do
		grep -q "$1" "/proc/$pid/comm" 2>/dev/null && return
	done
	false
}

none_marked()
{
	[ -z "$(marked)" ]
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
