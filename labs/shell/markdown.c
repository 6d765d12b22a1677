/* Markdown for a terminal, from md4c's callbacks: text is gathered a block at a
 * time, wrapped when the block ends.  Where there are no colours, what is to be
 * typed stands between backquotes; emphasis is left out, the words say enough. */
#include <md4c.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/wrap.h"
#include "labs/shell/screen.h"

#define WIDEST 78	/* lines of running text */
#define UNBROKEN '\003'	/* a blank in what is to be typed: no line ends there */

struct page {
	const struct screen *screen;
	struct str block;
	int depth;		/* of lists */
	bool item_start;	/* the next block opens a list item */
	bool code;
};

static int width_of(const struct page *p)
{
	return p->screen->width - 1 < WIDEST ? p->screen->width - 1 : WIDEST;
}

/* Escape sequences count as columns in wrap_text(); they are added afterwards. */
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
		if (p->screen->plain)
			fputs(*s == '\002' ? "`" : "", stdout);
		else
			fputs(*on ? screen_on(p->screen, *s == '\001' ? TONE_HEAD : TONE_GOOD)
				  : screen_off(p->screen), stdout);
	}
}

static void end_text(struct page *p)
{
	autostr struct str out = { 0 };
	int indent = p->depth * 2;
	if (!p->block.len)
		return;
	if (p->item_start)
		printf("%*s- ", indent - 2, "");
	else
		printf("%*s", indent, "");
	p->item_start = false;
	wrap_text(&out, p->block.s, width_of(p), indent, indent);
	print_marked(p, out.s);
	putchar('\n');
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

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct page *p = arg;
	if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) {
		end_text(p);
		p->depth++;
	} else if (type == MD_BLOCK_LI) {
		p->item_start = true;
	} else if (type == MD_BLOCK_CODE) {
		end_text(p);
		p->code = true;
	}
	return 0;
}

static void end_heading(struct page *p)
{
	printf("%s%s%s\n\n", screen_on(p->screen, TONE_HEAD), p->block.s ? p->block.s : "",
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
		str_add(&p->block, "\002");
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

void screen_markdown(const struct screen *s, const char *source)
{
	struct page p = { .screen = s };
	MD_PARSER parser = {
		.flags = MD_FLAG_NOHTML, .enter_block = enter_block, .leave_block = leave_block,
		.enter_span = span, .leave_span = span, .text = text,
	};
	md_parse(source, (MD_SIZE)strlen(source), &parser, &p);
	str_free(&p.block);
}
