# say.sh - what the gradebook's scripts tell, for them to source
# shellcheck shell=sh

say()
{
	printf 'gradebook: %s\n' "$*" >&2
}

# die TEXT...: nothing can be done
die()
{
	say "$@"
	exit 125
}
