#!/bin/sh
# check.sh BUILD - the pages of BUILD/book, judged as they came out; TAP
set -u
book=$(cd "$1" && pwd) || exit 1
book=$book/book
cd "$(dirname "$0")" || exit 1
links=$PWD/links.awk
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
count=0

# verdict NAME FILE: it passes when nothing stands in FILE
verdict()
{
	count=$((count + 1))
	if [ -s "$2" ]; then
		echo "not ok $count - $1"
		sed 's/^/# /' "$2"
	else
		echo "ok $count - $1"
	fi
}

# of_kind KIND - what links.awk found
of_kind()
{
	sed -n "s/^$1	//p" "$work/wrong" >"$work/out"
	echo "$work/out"
}

# by_themselves - the references in style sheets and pictures to elsewhere
by_themselves()
{
	find . \( -name '*.css' -o -name '*.svg' \) -exec grep -nHE \
		'@import|url\( *["'\'']?([a-z]+:)?//|(href|src) *= *.([a-z]+:)?//' {} +
}

# browse - Chromium loads every page as on a phone, each in a frame of a page
# that writes down how wide it became; what it complains of goes to $work/log
browse()
{
	{
		echo '<!DOCTYPE html><meta charset="utf-8"><pre></pre>'
		sed "s|.*|<iframe width=375 height=700 src='file://$book/&'></iframe>|" \
			"$work/pages"
		cat <<-'END'
			<script>
			onload = () => {
				const out = document.querySelector("pre");
				for (const frame of document.querySelectorAll("iframe"))
					out.textContent += "\nWIDTH\t" + frame.contentDocument
						.documentElement.scrollWidth + "\t" + frame.src;
			};
			</script>
		END
	} >"$work/frames.html"
	HOME=$work timeout 120 "$chromium" --headless --no-sandbox \
		--disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update \
		--disable-sync --hide-scrollbars --allow-file-access-from-files \
		--user-data-dir="$work/profile" --enable-logging=stderr --v=0 \
		--dump-dom "file://$work/frames.html" 2>"$work/log" |
		sed -n 's/^WIDTH	//p' >"$work/widths"
}

# too_wide - the pages that are, and those that did not come up
too_wide()
{
	awk -F '\t' '$1 > 375 { print $2 ": " $1 " px" }' "$work/widths"
	pages=$(wc -l <"$work/pages")
	measured=$(wc -l <"$work/widths")
	[ "$pages" -eq "$measured" ] ||
		echo "$measured of $pages pages came up"
}

if ! cd "$book" 2>/dev/null; then
	if command -v pandoc >/dev/null; then
		echo "not ok 1 - the book"
		echo "# $book is not there: make book"
	else
		echo "ok 1 - the book # SKIP no pandoc"
	fi
	echo 1..1
	exit
fi

find . -type f | sed 's|^\./||' | sort >"$work/files"
grep '\.html$' "$work/files" >"$work/pages"
xargs awk -v list="$work/files" -f "$links" <"$work/pages" >"$work/wrong" || exit 1
verdict "every link and picture leads to a file" "$(of_kind file)"
verdict "every #part is on the page it is said to be on" "$(of_kind fragment)"
verdict "no part has the name of another" "$(of_kind id)"
verdict "every page has a title and one h1" "$(of_kind heading)"
by_themselves >"$work/elsewhere"
of_kind network >/dev/null
cat "$work/out" >>"$work/elsewhere"
verdict "nothing is fetched from a network" "$work/elsewhere"

if chromium=$(command -v chromium || command -v chromium-browser); then
	browse
	too_wide >"$work/out"
	verdict "every page fits a phone" "$work/out"
	# It has pages of its own, which may complain too.
	grep CONSOLE "$work/log" | grep -v 'source: chrome:' >"$work/out"
	verdict "a browser has nothing to complain of" "$work/out"
else
	for name in "every page fits a phone" \
		"a browser has nothing to complain of"; do
		count=$((count + 1))
		echo "ok $count - $name # SKIP no chromium"
	done
fi
echo "1..$count"
