# The pages as a site to read without a network: build/book/index.html.

# in the order in which they are read
BOOK := README.md GUIDE.md $(STAGES:%=stages/%/README.md)
BOOK_PAGES := $(patsubst %.md,%.html,$(patsubst %README.md,%index.html,\
	$(BOOK:%=$B/book/%)))
BOOK_OBJ := $B/tests/obj/book
BOOK_TOOLS := $(addprefix tests/book/,filter.lua page.html console.xml)
PANDOC = pandoc --to html5 --template tests/book/page.html --toc --toc-depth 3 \
	--preserve-tabs --lua-filter tests/book/filter.lua --metadata lang=en \
	--metadata contents=$(BOOK_OBJ)/contents --output $@

.PHONY: book book-linked book-pandoc
# Only a page that is made tells what else it leads to.
book: $(BOOK_PAGES) $B/book/style.css ##k the guide and the lessons as a site, build/book/
	@$(MAKE) -s --no-print-directory book-linked
	@echo $B/book/index.html

-include $(wildcard $(foreach p,$(BOOK),$(BOOK_OBJ)/$(subst /,-,$p).linked))
# Not what is gone, though a page of before leads to it.
BOOK_LINKED := $(foreach f,$(sort $(BOOK_LINKED)),$(if $(wildcard $(patsubst \
	%.html,%,$(f:$B/book/%=%))),$f))
book-linked: $(BOOK_LINKED)

book-pandoc:
	$(if $(shell command -v pandoc || :),@:,$(error the book needs pandoc, which \
		is not installed: make deps, or apt-get install pandoc))

# path and title of each page; as old as its last change
$(BOOK_OBJ)/contents: $(BOOK) tests/book/book.mk
	@mkdir -p $(@D)
	@awk '/^# / && !seen[FILENAME]++ { \
		print FILENAME "\t" substr($$0, 3) }' $(BOOK) >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# the page $@ of the Markdown file $<
define BOOK_PAGE
	@mkdir -p $(@D)
	$(call run,PAGE,$(PANDOC) --from gfm \
		--syntax-definition tests/book/console.xml --metadata \
		linked=$(BOOK_OBJ)/$(subst /,-,$<).linked $<)
endef

BOOK_NEEDS := $(BOOK_TOOLS) $(BOOK_OBJ)/contents
$B/book/index.html: README.md $(BOOK_NEEDS) | book-pandoc
	$(BOOK_PAGE)
$B/book/%/index.html: %/README.md $(BOOK_NEEDS) | book-pandoc
	$(BOOK_PAGE)
$B/book/%.html: %.md $(BOOK_NEEDS) | book-pandoc
	$(BOOK_PAGE)

# A source file that a page leads to.
$B/book/%.html: % tests/book/source.lua $(BOOK_NEEDS) | book-pandoc
	@mkdir -p $(@D)
	$(call run,PAGE,$(PANDOC) --from tests/book/source.lua $<)

$B/book/style.css: tests/look.css tests/book/style.css
	@mkdir -p $(@D)
	@cat $^ >$@

$(filter %.svg %.png %.jpg %.gif %.webp,$(BOOK_LINKED)): $B/book/%: %
	@mkdir -p $(@D)
	@cp $< $@
