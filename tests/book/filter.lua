-- filter.lua - makes a page of the site of a page of the kit
--
-- Metadata contents=FILE: all pages, PATH<tab>TITLE, in their order.
-- Metadata linked=FILE: gets what the page leads to, for make.
-- Every file of the site stands where it does in the kit, so links stay as they
-- are but for their ends.

local path = PANDOC_STATE.input_files[1]
local folder = path:match("^(.*/)") or ""
local top = folder:gsub("[^/]+/", "../")
local linked = {}

-- The file "there" as seen from the top of the kit; nil: outside of it.
local function from_top(there)
	local parts = {}
	for part in (folder .. there):gmatch("[^/]+") do
		if part == ".." then
			if not table.remove(parts) then return nil end
		elseif part ~= "." then
			table.insert(parts, part)
		end
	end
	return table.concat(parts, "/")
end

-- "file", "folder" or nil
local function kind(name)
	local file = io.open(name == "" and "." or name)
	if not file then return nil end
	local _, problem = file:read(1)
	file:close()
	return problem and "folder" or "file"
end

local function is_picture(name)
	local kinds = { svg = 1, png = 1, jpg = 1, gif = 1, webp = 1 }
	return kinds[name:match("%.(%w+)$")]
end

-- What a file of the kit is called in the site.
local function in_site(name)
	name = name:gsub("README%.md$", "index.html"):gsub("%.md$", ".html")
	if name:match("%.html$") or is_picture(name) then
		return name
	end
	return name .. ".html"
end

-- Where a link leads in the site; nil: to a folder that has no page. A link to
-- what is not there stays as it is, and check.sh finds it.
local function moved(link)
	local there, fragment = link:match("^([^#?]*)[^#]*(#?.*)$")
	if there == "" or there:match("^%a[%w+.-]*:") or there:match("^//") then
		return link
	end
	if there:sub(1, 1) == "/" then there = top .. there:sub(2) end
	local name = from_top(there)
	if name and kind(name) == "folder" then
		there = there:gsub("/*$", "", 1) .. "/README.md"
		name = from_top(there)
		if not kind(name) then return nil end
	end
	if not name or not kind(name) and not is_picture(name) then return link end
	linked[in_site(name)] = true
	-- GitHub's way to name lines
	return in_site(there) .. fragment:gsub("^#L(%d+).*$", "#L-%1")
end

local function in_html(raw)
	if raw.format ~= "html" then return nil end
	raw.text = raw.text:gsub('(%s)(%l+)="([^"]*)"', function(space, name, link)
		if name ~= "href" and not name:match("^src") then return nil end
		return space .. name .. '="' .. (moved(link) or link) .. '"'
	end)
	return raw
end

-- What is wide scrolls in a box of its own.
local function box(content, class)
	return pandoc.Div({ content }, pandoc.Attr("", { class }))
end

local changes = {
	Link = function(link)
		local target = moved(link.target)
		if not target then return link.content end
		link.target = target
		return link
	end,
	Image = function(image)
		image.src = moved(image.src) or image.src
		return image
	end,
	-- What is short is not broken at its hyphens.
	Code = function(code)
		if #code.text > 24 then code.classes = { "long" } end
		return code
	end,
	RawInline = in_html,
	RawBlock = in_html,
	Table = function(table)
		return box(table, "table")
	end,
	Para = function(para)
		if #para.content == 1 and para.content[1].t == "Image" then
			return box(pandoc.Plain(para.content), "picture")
		end
	end,
}

-- The template prints the heading of the page, so that it is not in the list of
-- those below it.
local function take_title(doc)
	for i, block in ipairs(doc.blocks) do
		if block.t == "Header" and block.level == 1 then
			doc.meta.title = pandoc.MetaInlines(block.content)
			doc.meta.id = block.identifier
			doc.meta.pagetitle = pandoc.utils.stringify(block.content)
			doc.blocks:remove(i)
			return
		end
	end
end

local function add_contents(doc)
	local pages, here = {}, nil
	for line in io.lines(pandoc.utils.stringify(doc.meta.contents)) do
		local name, title = line:match("^(.-)\t(.*)$")
		table.insert(pages, {
			href = top .. in_site(name),
			title = pandoc.read(title, "gfm").blocks[1].content,
			current = name == path,
		})
		if name == path then here = #pages end
		-- A source file belongs to the page of its folder.
		if name == folder .. "README.md" then doc.meta.up = pages[#pages] end
	end
	if here then
		doc.meta.up = nil
		doc.meta.prev, doc.meta.next = pages[here - 1], pages[here + 1]
	end
	if here ~= 1 then
		doc.meta.book = pandoc.utils.stringify(pages[1].title)
	end
	doc.meta.pages = pages
	doc.meta.top = top
end

local function tell_linked(file)
	local out = assert(io.open(file, "w"))
	for name in pairs(linked) do
		-- A picture may be drawn after the page is written.
		if is_picture(name) then name = "$(wildcard " .. name .. ")" end
		out:write("BOOK_LINKED += $(addprefix $B/book/," .. name .. ")\n")
	end
	out:close()
end

function Pandoc(doc)
	take_title(doc)
	doc = doc:walk(changes)
	add_contents(doc)
	if doc.meta.linked then
		tell_linked(pandoc.utils.stringify(doc.meta.linked))
	end
	return doc
end
