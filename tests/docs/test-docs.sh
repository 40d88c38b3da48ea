#!/bin/sh
# test-docs.sh BUILD - the lessons and the guide keep what they promise; TAP
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
pages="README.md GUIDE.md $(echo stages/*/README.md)"

# prose PAGE: without what is in code blocks
prose()
{
	awk '/^```/ { on = !on; next } !on' "$1"
}

# anchors PAGE: of its headings, as GitHub makes them
anchors()
{
	prose "$1" | sed -n 's/^##* //p' | tr '[:upper:]' '[:lower:]' |
		sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

links()
{
	for page in $pages; do
		prose "$page" | grep -o '](<\{0,1\}[^) >]*' | sed 's/^](<*//' |
			grep -v '^[a-z]*:' | sort -u >"$work/links"
		while read -r link; do
			file=${link%%#*}
			target=$(dirname "$page")/$file
			[ -n "$file" ] || target=$page
			[ -e "$target" ] || echo "$page: $link: no such file"
			case $link in
			*.md#* | \#*)
				anchors "$target" | grep -qx -- "${link#*#}" ||
					echo "$page: $link: no such heading"
				;;
			esac
		done <"$work/links"
	done
}

# Pages that are younger than some collections of them, or come with programs
# that a machine need not have.
elsewhere='open_tree(2) move_mount(2) fsopen(2) fsconfig(2) fsmount(2) fspick(2)
	docker(1)'

man_pages()
{
	# Of what is C its comments alone.
	{
		# shellcheck disable=SC2086 # file names without blanks
		cat $pages
		grep -h '^[[:space:]]*\(/\*\|\*\)' stages/*/*.h stages/*/*.c
	} | grep -o '\<[a-zA-Z_][a-zA-Z0-9_.+-]*([1-8])' | sort -u |
		while read -r name; do
			section=${name##*\(}
			man -w "${section%)}" "${name%(*}" >/dev/null 2>&1 ||
				echo "$elsewhere" | grep -qwF "$name" ||
				echo "$name: no such man page"
		done
}

pictures()
{
	for picture in stages/*/*.svg; do
		xmllint --noout "$picture"
		for part in '<title' '<desc' 'viewBox=' 'prefers-color-scheme'; do
			grep -q "$part" "$picture" ||
				echo "$picture: has no $part"
		done
		grep -q "]($(basename "$picture"))" "$(dirname "$picture")/README.md" ||
			echo "$picture: its lesson does not show it"
	done
	xmllint --noout tests/demo/*.svg
}

# Their parts, in order, and their length in words.
lessons()
{
	for page in stages/*/README.md; do
		prose "$page" | sed -n 's/^## //p' | tr '\n' ';' >"$work/parts"
		[ "$(cat "$work/parts")" = "See it;How it works;Build it;Break \
it;Hints;Check yourself;In the real world;Further reading;" ] ||
			echo "$page: its parts are $(cat "$work/parts")"
		# What is read; what a terminal shows comes on top.
		words=$(awk '/^```/ { code = !code; next } !code' "$page" |
			wc -w)
		[ "$words" -ge 1200 ] && [ "$words" -le 2000 ] ||
			echo "$page: $words words"
		for part in 'See it' 'Break it'; do
			awk -v part="## $part" '/^## / { on = $0 == part }
				on && /^```console$/ { found = 1 }
				END { exit !found }' "$page" ||
				echo "$page: $part has nothing to run"
		done
		[ "$(grep -c '<details><summary>[1-5]\. ' "$page")" = 5 ] ||
			echo "$page: not five questions"
	done
}

# The tasks are those of the TODOs, with three hints each; the tests named are
# those of the gate.
tasks()
{
	for page in stages/*/README.md; do
		stage=$(basename "$(dirname "$page")")
		grep -oh 'TODO [0-9]*:' stages/"$stage"/*.c | tr -dc '0-9\n' |
			sort -nu >"$work/todos"
		sed -n 's/^\*\*Task \([0-9]*\).*/\1/p' "$page" |
			diff "$work/todos" - >/dev/null ||
			echo "$page: tasks and TODOs differ"
		awk '/^## / { on = $0 == "## Hints" } on && /^### Task/ {
			print $3 }' "$page" | diff "$work/todos" - >/dev/null ||
			echo "$page: hints and TODOs differ"
		awk '/^## / { on = $0 == "## Hints" } on && /^[0-9]+\. /' \
			"$page" | wc -l | grep -qx " *$((3 * $(wc -l \
			<"$work/todos")))" || echo "$page: not three hints each"
		"$build/tests/gates/$stage" --list | cut -f1 |
			while read -r name; do
				awk '/^## / { on = $0 == "## Build it" } on' \
					"$page" | grep -q "\`$name\`" ||
					echo "$page: test $name is not named"
			done
	done
}

# Where the guide's index says that a concept is shown by something, it is.
concepts()
{
	[ "$(grep -c '^| .*(stages/.*README.md).* | .*`' GUIDE.md)" -ge 35 ] ||
		echo "the index has lost its rows"
	awk '/^## / { on = $0 == "## Concept index" } on && /^\| .*README/' \
		GUIDE.md | while IFS='|' read -r _ concept where how _; do
		lessons=$(echo "$where" | grep -o 'stages/[^)]*')
		# shellcheck disable=SC2016 # code in Markdown
		echo "$how" | grep -o '`[^`]*`' | tr -d '`' |
			sed 's/[.*^$[]/\\&/g; s/PID/[^ ]*/' |
			while read -r shown; do
				# shellcheck disable=SC2086 # file names
				cat $lessons | grep -qw -e "$shown" ||
					echo "$concept: no $shown in" $lessons
			done
	done
}

ok "relative links lead somewhere" silent links
ok "the concept index is right" silent concepts
name="man pages exist"
if man -w 2 fork >/dev/null 2>&1; then
	ok "$name" silent man_pages
else
	skip "$name" "no man pages here: packages manpages, manpages-dev"
fi
name="pictures are well-formed, and shown"
if command -v xmllint >/dev/null; then
	ok "$name" silent pictures
else
	skip "$name" "no xmllint here: package libxml2-utils"
fi
ok "lessons have all their parts" silent lessons
ok "lessons name the tasks and tests there are" silent tasks
done_testing
