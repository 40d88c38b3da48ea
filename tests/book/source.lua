-- source.lua - reads any text file as a page of one block of code

local classes = {
	c = "c", h = "c", sh = "bash", mk = "makefile", lua = "lua",
	html = "html", xml = "xml", css = "css", json = "json", awk = "awk",
}

function Reader(input)
	local path = PANDOC_STATE.input_files[1]
	local class = classes[path:match("%.(%w+)$")]
		or path:match("Makefile$") and "makefile" or "text"
	return pandoc.Pandoc({
		pandoc.Header(1, { pandoc.Code(path) }),
		pandoc.CodeBlock(tostring(input), pandoc.Attr("L",
			{ class, "numberLines", "lineAnchors" })),
	})
end
