# terminal-svg.awk - what a terminal shows, as a picture
#
#	awk -v title=TEXT -v about=TEXT -f terminal-svg.awk OUTPUT >PICTURE.svg
#
# Knows the escape codes that the kit uses: bold, dim, red, green, yellow.
# Columns are kept whatever the font: each piece of text is told its width.

BEGIN {
	cell = 8.4
	line = 18
	colour["1"] = "b"
	colour["2"] = "d"
	colour["31"] = "r"
	colour["32"] = "g"
	colour["33"] = "y"
}

function safe(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

# Characters, not bytes: what follows the first byte of one does not count.
function width(text)
{
	gsub(/[\200-\277]/, "", text)
	return length(text)
}

function put(text)
{
	if (text ~ /[^ ]/) {
		match(text, /^ */)
		column += RLENGTH
		text = substr(text, RLENGTH + 1)
		body = body sprintf("  <text%s x=\"%.1f\" y=\"%d\" " \
			"textLength=\"%.1f\">%s</text>\n",
			class == "" ? "" : " class=\"" class "\"",
			20 + column * cell, 26 + row * line,
			width(text) * cell, safe(text))
	}
	column += width(text)
	if (column > widest)
		widest = column
}

{
	gsub(/\r/, "")
	row++
	column = 0
	rest = $0
	while (match(rest, /\033\[[0-9;]*m/)) {
		# put() matches too.
		start = RSTART
		end = RSTART + RLENGTH
		put(substr(rest, 1, start - 1))
		code = substr(rest, start + 2, end - start - 3)
		if (code == "" || code == "0")
			class = ""
		else if (code in colour)
			class = (class == "" ? "" : class " ") colour[code]
		rest = substr(rest, end)
	}
	put(rest)
}

END {
	w = 40 + widest * cell
	h = 40 + row * line
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" " \
		"role=\"img\" aria-labelledby=\"t d\">\n", w, h
	printf "  <title id=\"t\">%s</title>\n  <desc id=\"d\">%s</desc>\n", \
		safe(title), safe(about)
	print "  <style>"
	print "    text { font: 14px ui-monospace, \"DejaVu Sans Mono\", " \
		"Menlo, Consolas, monospace;"
	print "      fill: #1f2328; white-space: pre }"
	print "    .w { fill: #f6f8fa; stroke: #d1d9e0 }"
	print "    .b { font-weight: 700 } .d { fill: #59636e }"
	print "    .r { fill: #cf222e } .g { fill: #1a7f37 } .y { fill: #9a6700 }"
	print "    @media (prefers-color-scheme: dark) {"
	print "      text { fill: #f0f6fc } .w { fill: #151b23; stroke: #3d444d }"
	print "      .d { fill: #9198a1 } .r { fill: #ff7b72 }"
	print "      .g { fill: #3fb950 } .y { fill: #d29922 }"
	print "    }"
	print "  </style>"
	printf "  <rect class=\"w\" x=\"0.5\" y=\"0.5\" width=\"%d\" " \
		"height=\"%d\" rx=\"8\"/>\n", w - 1, h - 1
	printf "%s</svg>\n", body
}
