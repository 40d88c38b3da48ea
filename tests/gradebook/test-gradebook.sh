#!/bin/sh
# test-gradebook.sh BUILD - what make gradebook makes of a class; TAP
set -u
# shellcheck source=tests/gradebook/testing.sh
. "$(dirname "$0")/testing.sh"

# Whom it takes, and by which names.
for name in right starter missing broken "$odd" "=1+1"; do
	mkdir -p "$work/class/$name"
done
cp "$answer" "$work/class/right"
cp "$answer" "$work/class/starter"
awk -f tests/tools/starter.awk "$answer" >"$work/class/starter/spawn.c"
echo '#error "<script>alert(1)</script>"' >"$work/class/broken/spawn.c"
: >"$work/class/upload.zip"
ln -s right "$work/class/link"
printf 'Name,ID,E-Mail\n"Right, ""A.""",right,right@example.org\n@x,missing,\n' \
	>"$work/class/roster.csv"
book class STAGE=1
ok "a class is graded" [ "$status" -eq 0 ]
ok "what is no student's folder is named" says_so "link, upload.zip"
ok "everybody has points, whatever the name" table "{r['student']:
	(r['total'], r['status']) for r in rows} == {'right': ('10', 'graded'),
	'starter': ('0', 'graded'), 'missing': ('0', 'graded'),
	'broken': ('0', 'graded'), \"'=1+1\": ('0', 'graded'),
	''''$odd''': ('0', 'graded')}"
ok "the total is the sum of the stages" table "all(int(r['total']) ==
	sum(int(v) for k, v in r.items() if k[:2].isdigit()) and r['max'] == '10'
	for r in rows)"
ok "the roster gives names, and no formula" table "[(r['name'], r['email'])
	for r in rows if r['student'] in ('right', 'missing')] == [(\"'@x\", ''),
	('Right, \"A.\"', 'right@example.org')]"
# shellcheck disable=SC2016 # jq's own
ok "class.json has who is graded, and their results" jq -e --arg odd "$odd" '
	map(.id) == (["right", "starter", "missing", "broken", "=1+1", $odd]
		| sort) and all(.[]; .results.schema == "ten-stages/1") and
	(.[] | select(.id == "right") | .name == "Right, \"A.\"" and
		.email == "right@example.org")' "$out/class.json"
ok "Canvas is given the points" table "len(rows) == 7 and
	any(r['SIS Login ID'] == 'right' and '10' in r.values() for r in rows)" \
	canvas.csv
ok "and so is Moodle" table "len(rows) == 6 and
	any('right' in r.values() and '10' in r.values() for r in rows)" moodle.csv
ok "each has results, and what the compiler said" \
	grep -q 'alert' "$out/broken/build.log"

# The page.
page=$out/gradebook.html
ok "the page has everybody" [ "$(grep -c '<section class=student' "$page")" = 6 ]
no_markup()
{
	! grep -nE '<img|<script|src=[^x]|https?:|@import|url\(' "$page"
}
ok "what a student wrote is text, and nothing is fetched" no_markup

# browse: what Chromium makes of the class and of a student, as on a phone: how
# wide it is, how many cells the map has, how many students are to be seen, and
# whether the class is; then what it complains of
browse()
{
	cat >"$work/frames.html" <<-END
		<!DOCTYPE html><pre></pre>
		<iframe width=375 height=700 src="file://$page"></iframe>
		<iframe width=375 height=700 src="file://$page#s0"></iframe>
		<script>
		onload = () => {
			for (const frame of document.querySelectorAll("iframe")) {
				const page = frame.contentDocument;
				document.querySelector("pre").textContent += "\nFOUND " +
					page.documentElement.scrollWidth + " " +
					page.querySelectorAll(".map tbody td").length + " " +
					page.querySelectorAll(".student:target").length +
					" " + (page.getElementById("class").offsetHeight > 0);
			}
		};
		</script>
	END
	HOME=$work timeout 120 "$chromium" --headless --no-sandbox \
		--disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update \
		--disable-sync --hide-scrollbars --allow-file-access-from-files \
		--user-data-dir="$work/profile" --enable-logging=stderr --v=0 \
		--dump-dom "file://$work/frames.html" 2>"$work/log" >"$work/dom"
	grep -o 'FOUND [0-9][0-9a-z ]*' "$work/dom"
	grep CONSOLE "$work/log" | grep -v 'source: chrome:'
}
browser="a browser shows the class, or one student, on a phone"
if chromium=$(command -v chromium || command -v chromium-browser); then
	cells=$((6 * ($("$build/tests/gates/$stage" --list | wc -l) + 1)))
	ok "$browser" [ "$(browse)" = "FOUND 375 $cells 0 true
FOUND 375 $cells 1 false" ]
else
	skip "$browser" "no chromium here: package chromium"
fi

# What is graded again.
stat -c '%n %i' "$out"/*/results.json >"$work/before"
touch "$work"/class/*/spawn.c
book class STAGE=1
same()
{
	[ "$status" -eq 0 ] && stat -c '%n %i' "$out"/*/results.json |
		diff "$work/before" -
}
ok "nothing has changed: nothing is graded" same
echo '/* another */' >>"$work/class/broken/spawn.c"
echo 'of no use' >"$work/class/missing/notes.txt"
book class STAGE=1
only_broken()
{
	[ "$status" -eq 0 ] && stat -c '%n %i' "$out"/*/results.json |
		diff "$work/before" - | grep '^>' | grep -v broken
	[ $? -eq 1 ] && [ "$(log_lines)" = 7 ]
}
ok "who has changed a file is graded again, and nobody else" only_broken
# The last stage takes the files of all of them.
mkdir -p "$work/idle/nobody"
book idle STAGE=10
book idle
ok "the same files are graded again for another stage" table "[r['max']
	for r in rows] == ['100']"

# What cannot be.
mkdir -p "$work/few/a" "$work/few/$(printf 'a\nb')" "$work/few/$(printf '\377')" \
	"$work/few/joblog" "$work/few/roster.csv" \
	"$work/few/$(printf 'b\342\200\256a')"
book few STAGE=1
ok "a name of two lines is refused in one" says_so \
	"refused: a?b: a control character" 2
ok "one that is not UTF-8 too" says_so "refused: ?: its name is not UTF-8"
ok "and one that we take ourselves" says_so "refused: joblog: a file"
ok "the roster's too" says_so "refused: roster.csv: a file"
ok "and one that is not read as it is written" says_so \
	"refused: b???a: a control character" 2
mkdir -p "$work/taken/README" "$work/taken.grades"
: >"$work/taken.grades/README"
: >"$work/taken.grades/canvas.csv"
book taken STAGE=1
ok "nor can one be that OUT has a file of" says_so \
	"refused: README: OUT has a file" 2
ok "where nobody is graded nobody has a row" [ "$(wc -l \
	<"$out/gradebook.csv")" -eq 1 ]
ok "nor are the points of before left" [ ! -e "$out/canvas.csv" ]
# shellcheck disable=SC2016 # it is to stay as it is
mkdir -p "$work/paid \$(touch x)/a"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1
ok "the name of a class is nothing to be run" says_so "0 not graded" 0
: >"$out/a/results.json"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1
ok "results that are none any more are made again" says_so \
	"1 of 1 to be graded" 0
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER=/nosuch.csv
ok "a roster that is not there" says_so "ROSTER: cannot read /nosuch.csv" 2
printf 'login\tname\na\tb\n' >"$work/list.csv"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER="$work/list.csv"
ok "one without ids" says_so "$work/list.csv: the roster has no column id" 2
printf 'id,name\na,A. Student\nb,\na,Another\n' >"$work/list.csv"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER="$work/list.csv"
ok "one with somebody twice" says_so "$work/list.csv: the roster has a twice" 2
printf 'id, name\n a, A. Student\n' >"$work/list.csv"
# shellcheck disable=SC2016
book 'paid $(touch x)' STAGE=1 ROSTER="$work/list.csv"
ok "one with blanks" table "rows[0]['name'] == 'A. Student'"
mkdir "$work/none" "$work/none/..dots"
: >"$work/none/upload.zip"
book none
ok "a folder that begins with dots is told of" says_so "..dots"
ok "a class without a folder" says_so "there is no student's folder in it" 2
book class STAGE=11
ok "no such stage" says_so "no such stage" 2
book class OUT="$work/class/grades"
ok "OUT in CLASS" says_so "OUT must not be in CLASS" 2
ok "makes nothing there" [ ! -e "$work/class/grades" ]
make -s gradebook B="$build" >"$work/out" 2>&1 </dev/null
status=$?
ok "no class" says_so "CLASS=DIR is needed" 2
done_testing
