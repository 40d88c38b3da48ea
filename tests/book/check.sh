#!/bin/sh
# check.sh BUILD - the pages of BUILD/book, judged as they came out; TAP
set -u
book=$(cd "$1" && pwd) || exit 1
book=$book/book
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
links=$PWD/tests/book/links.awk

# none_of KIND - links.awk found none
none_of()
{
	silent sed -n "s/^$1	//p" "$work/wrong"
}

# by_themselves - the references in style sheets and pictures to elsewhere
by_themselves()
{
	sed -n "s/^network	//p" "$work/wrong"
	find . \( -name '*.css' -o -name '*.svg' \) -exec grep -nHE \
		'@import|url\( *["'\'']?([a-z]+:)?//|(href|src) *= *.([a-z]+:)?//' {} +
	:
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

# complaints - not those of its own pages
complaints()
{
	grep CONSOLE "$work/log" | grep -v 'source: chrome:'
	:
}

if ! cd "$book" 2>/dev/null; then
	if command -v pandoc >/dev/null; then
		ok "the book is there: make book" [ -d "$book" ]
	else
		skip "the book" "no pandoc"
	fi
	done_testing
	exit
fi

find . -type f | sed 's|^\./||' | sort >"$work/files"
grep '\.html$' "$work/files" >"$work/pages"
xargs awk -v list="$work/files" -f "$links" <"$work/pages" >"$work/wrong" || exit 1
ok "every link and picture leads to a file" none_of file
ok "every #part is on the page it is said to be on" none_of fragment
ok "no part has the name of another" none_of id
ok "every page has a title and one h1" none_of heading
ok "nothing is fetched from a network" silent by_themselves

if chromium=$(command -v chromium || command -v chromium-browser); then
	browse
	ok "every page fits a phone" silent too_wide
	ok "a browser has nothing to complain of" silent complaints
else
	skip "every page fits a phone" "no chromium"
	skip "a browser has nothing to complain of" "no chromium"
fi
done_testing
