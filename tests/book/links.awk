# links.awk - what is wrong with the pages of a site
#
#	awk -v list=FILE -f links.awk PAGE.html...
#
# FILE names all files of the site, as the PAGEs are named: from its top. Prints
# KIND<tab>PAGE: what, for each
#	file		link or picture that leads to no file
#	fragment	link to a part that its page does not have
#	network		reference that a browser would follow by itself
#	heading		page without a title, or not with one h1
#	id		name of a part that is there twice
# The pages are pandoc's: in the text, every < is written &lt;.

BEGIN {
	while ((getline name <list) > 0)
		files[name] = 1
	RS = "<"
}

FNR == 1 {
	page = FILENAME
	pages[page] = 1
	folder = page
	sub(/[^\/]*$/, "", folder)
}

/^h1[ >]/ { headings[page]++ }
/^title>./ { titles[page]++ }

# Elements, with their attributes.
/^[a-z]/ {
	element = $1
	sub(/>.*/, "", element)
	tag = $0
	sub(/>[^>]*$/, "", tag)
	while (match(tag, /[a-z-]+="[^"]*"/)) {
		name = value = substr(tag, RSTART, RLENGTH)
		tag = substr(tag, RSTART + RLENGTH)
		sub(/=.*/, "", name)
		sub(/^[^"]*"/, "", value)
		sub(/"$/, "", value)
		gsub(/&amp;/, "\\&", value)
		attribute(name, value)
	}
}

function attribute(name, value)
{
	if (name == "id") {
		if ((page "#" value) in parts)
			wrong("id", page, value)
		parts[page "#" value] = 1
	} else if (name ~ /^(href|src|srcset|poster|data)$/) {
		reference(value)
	}
}

function reference(value)
{
	if (value ~ /^(https?:)?\/\//) {
		if (element != "a")
			wrong("network", page, element " " value)
	} else if (value !~ /^[a-z]+:/) {
		from[++links] = page
		shown[links] = value
		where = value
		sub(/[?#].*/, "", where)
		where = where == "" ? page : normal(folder where)
		fragment[links] = value ~ /#./ ? value : ""
		sub(/^[^#]*#/, "", fragment[links])
		to[links] = where
	}
}

# path without its ".." and "."
function normal(path,	part, n, i, kept, out)
{
	n = split(path, part, "/")
	for (i = 1; i <= n; i++) {
		if (part[i] == ".." && kept > 0 && part[kept] != "..")
			kept--
		else if (part[i] != "." && (part[i] != "" || i == 1))
			part[++kept] = part[i]
	}
	out = part[1]
	for (i = 2; i <= kept; i++)
		out = out "/" part[i]
	return out
}

function wrong(kind, page, what)
{
	print kind "\t" page ": " what
}

END {
	for (page in pages) {
		if (headings[page] != 1 || titles[page] != 1)
			wrong("heading", page, headings[page] + 0 \
				" h1, " titles[page] + 0 " title")
	}
	for (i = 1; i <= links; i++) {
		if (!(to[i] in files))
			wrong("file", from[i], shown[i])
		else if (fragment[i] != "" && to[i] ~ /\.html$/ &&
			!((to[i] "#" fragment[i]) in parts))
			wrong("fragment", from[i], shown[i])
	}
}
