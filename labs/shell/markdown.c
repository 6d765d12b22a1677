/* Markdown for a terminal, from md4c's callbacks: text is gathered a block at a
 * time, wrapped when the block ends.  Where there are no colours, what is to be
 * typed stands between backquotes; emphasis is left out, the words say enough. */
#include <md4c.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/wrap.h"
#include "labs/shell/screen.h"
#include "labs/shell/table.h"

#define WIDEST 78	/* lines of running text */
#define UNBROKEN '\003'	/* a blank in what is to be typed: no line ends there */
#define MAX_DEPTH 8

struct page {
	const struct screen *screen;
	struct str block;
	int depth;		/* of lists */
	unsigned number[MAX_DEPTH];	/* of the next item; 0: the list has no numbers */
	bool item_start;	/* the next block opens a list item */
	bool quote;		/* in a quotation: somebody else's words */
	bool code;
	struct table table;
};

static int width_of(const struct page *p)
{
	return p->screen->width - 1 < WIDEST ? p->screen->width - 1 : WIDEST;
}

/* \001 and \002 begin and end strong text and what is to be typed. */
static void print_marked(const struct page *p, const char *s)
{
	bool bold = false, code = false;
	for (; *s; s++) {
		if (*s != '\001' && *s != '\002') {
			putchar(*s == UNBROKEN ? ' ' : *s);
			continue;
		}
		bool *on = *s == '\001' ? &bold : &code;
		*on = !*on;
		fputs(*on ? screen_on(p->screen, *s == '\001' ? TONE_HEAD : TONE_GOOD)
			  : screen_off(p->screen), stdout);
	}
}

/* What stands before a line of the innermost list: "- ", "3. ". */
static int indent_of(struct page *p)
{
	int indent = 0;
	for (int i = 0; i < p->depth && i < MAX_DEPTH; i++)
		indent += p->number[i] ? 3 : 2;
	return indent + (p->quote ? 2 : 0);
}

static void print_item(struct page *p, int indent)
{
	unsigned *number = &p->number[p->depth - 1];
	if (*number)
		printf("%*u. ", indent - 2, (*number)++);
	else
		printf("%*s- ", indent - 2, "");
	p->item_start = false;
}

/* A quotation has its mark before each line. */
static void print_quoted(const struct page *p, const char *text)
{
	while (*text) {
		autostr struct str line = { 0 };
		size_t n = strcspn(text, "\n");
		str_addn(&line, text, n);
		printf("%s> %s", screen_on(p->screen, TONE_DIM), screen_off(p->screen));
		print_marked(p, line.s ? line.s : "");
		putchar('\n');
		text += n + (text[n] == '\n');
	}
}

static void end_text(struct page *p)
{
	autostr struct str out = { 0 };
	int indent = indent_of(p);
	if (!p->block.len)
		return;
	if (p->quote) {
		wrap_text(&out, p->block.s, width_of(p) - 2, 0, 0);
		print_quoted(p, out.s);
	} else {
		if (p->item_start)
			print_item(p, indent);
		else
			printf("%*s", indent, "");
		wrap_text(&out, p->block.s, width_of(p), indent, indent);
		print_marked(p, out.s);
		putchar('\n');
	}
	str_clear(&p->block);
}

static void end_code(struct page *p)
{
	for (char *s = p->block.s; s && *s;) {
		size_t n = strcspn(s, "\n");
		printf("    %s%.*s%s\n", screen_on(p->screen, TONE_GOOD), (int)n, s,
		       screen_off(p->screen));
		s += n + (s[n] == '\n');
	}
	str_clear(&p->block);
}

static void enter_list(struct page *p, unsigned start)
{
	end_text(p);
	if (p->depth < MAX_DEPTH)
		p->number[p->depth] = start;
	p->depth++;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct page *p = arg;
	switch (type) {
	case MD_BLOCK_UL:
		enter_list(p, 0);
		break;
	case MD_BLOCK_OL:
		enter_list(p, ((MD_BLOCK_OL_DETAIL *)detail)->start);
		break;
	case MD_BLOCK_LI:
		p->item_start = true;
		break;
	case MD_BLOCK_QUOTE:
		p->quote = true;
		break;
	case MD_BLOCK_CODE:
		end_text(p);
		p->code = true;
		break;
	case MD_BLOCK_TABLE:
		table_begin(&p->table, ((MD_BLOCK_TABLE_DETAIL *)detail)->col_count);
		break;
	default:
		break;
	}
	return 0;
}

/* A row is printed line by line: its cells may need several each. */
static void end_table(struct page *p)
{
	autostr struct str out = { 0 };
	table_print(&p->table, width_of(p), &out);
	print_marked(p, out.s ? out.s : "");
	table_free(&p->table);
	putchar('\n');
}

static void end_cell(struct page *p)
{
	table_add(&p->table, p->block.s ? p->block.s : "");
	str_clear(&p->block);
}

static void end_heading(struct page *p)
{
	autostr struct str out = { 0 };
	wrap_text(&out, p->block.s ? p->block.s : "", width_of(p), 0, 0);
	printf("%s%s%s\n\n", screen_on(p->screen, TONE_HEAD), out.s ? out.s : "",
	       screen_off(p->screen));
	str_clear(&p->block);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct page *p = arg;
	switch (type) {
	case MD_BLOCK_H:
		end_heading(p);
		break;
	case MD_BLOCK_P:
		end_text(p);
		putchar('\n');
		break;
	case MD_BLOCK_LI:
		end_text(p);
		break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		p->depth--;
		putchar('\n');
		break;
	case MD_BLOCK_CODE:
		end_code(p);
		p->code = false;
		putchar('\n');
		break;
	case MD_BLOCK_QUOTE:
		p->quote = false;
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		end_cell(p);
		break;
	case MD_BLOCK_TABLE:
		end_table(p);
		break;
	default:
		break;
	}
	return 0;
}

static int span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct page *p = arg;
	if (type == MD_SPAN_STRONG || type == MD_SPAN_EM)
		str_add(&p->block, "\001");
	else if (type == MD_SPAN_CODE)
		str_add(&p->block, p->screen->plain ? "`" : "\002");
	return 0;
}

static int text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *arg)
{
	struct page *p = arg;
	if (type == MD_TEXT_SOFTBR)
		str_add(&p->block, " ");
	else if (type == MD_TEXT_BR)
		str_add(&p->block, "\n");
	else
		str_addn(&p->block, s, n);
	if (type == MD_TEXT_CODE && !p->code)
		for (char *c = p->block.s + p->block.len - n; (c = strchr(c, ' '));)
			*c = UNBROKEN;
	return 0;
}

void screen_page(const struct screen *s, const char *markdown)
{
	if (s->tty)
		screen_markdown(s, markdown);
	else
		fputs(markdown, stdout);
}

void screen_markdown(const struct screen *s, const char *source)
{
	struct page p = { .screen = s };
	MD_PARSER parser = {
		.flags = MD_FLAG_NOHTML | MD_FLAG_TABLES,
		.enter_block = enter_block, .leave_block = leave_block, .enter_span = span,
		.leave_span = span, .text = text,
	};
	md_parse(source, (MD_SIZE)strlen(source), &parser, &p);
	str_free(&p.block);
}
