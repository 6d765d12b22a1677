#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "quiz/exchange.h"

/* "A) text" or "A. text": where the text begins, or NULL. */
static const char *option_text(const char *line)
{
	if (!isupper((unsigned char)line[0]) || !strchr(").", line[1]) || !line[1])
		return NULL;
	return line + 2 + strspn(line + 2, " \t");
}

static int bad(const char *file, int line, struct err *e, const char *what)
{
	return err_set(e, EINVAL, "%s:%d: %s", file, line, what);
}

static int add_option(struct draft *d, const char *line, const char *file, int at, struct err *e)
{
	if (!d)
		return bad(file, at, e, "an option without a question in front of it");
	if (d->n_options == DRAFT_OPTIONS || line[0] != (char)('A' + d->n_options))
		return bad(file, at, e, "the options must be A, B, C ... in order");
	d->option[d->n_options++].text = str_dup(option_text(line));
	return 0;
}

static int end_question(struct draft *d, const char *line, const char *file, int at,
			struct err *e)
{
	const char *letter = line + strlen("ANSWER:");
	letter += strspn(letter, " \t");
	if (!d || d->n_options < 2)
		return bad(file, at, e, "an answer needs a question with at least two options");
	if (*letter < 'A' || *letter >= (char)('A' + d->n_options))
		return bad(file, at, e, "the answer is none of the options");
	d->right = (size_t)(*letter - 'A');
	return 0;
}

static int read_line(struct drafts *out, struct draft **open, const char *line,
		     const char *file, int at, struct err *e)
{
	int r = 0;
	if (str_starts(line, "ANSWER:")) {
		r = end_question(*open, line, file, at, e);
		*open = NULL;
	} else if (option_text(line)) {
		r = add_option(*open, line, file, at, e);
	} else if (*open) {
		r = bad(file, at, e, "a question begins before the one above has its ANSWER");
	} else {
		*open = drafts_add(out, at);
		(*open)->ask = str_dup(line);
	}
	return r;
}

int import_aiken(const char *text, const char *file, struct drafts *out, struct err *e)
{
	struct draft *open = NULL;
	int r = 0, at = 0;
	while (r == 0 && *text) {
		size_t n = strcspn(text, "\n"), blanks = strspn(text, " \t");
		size_t len = n;
		while (len > blanks && isspace((unsigned char)text[len - 1]))
			len--;
		at++;
		/* As Moodle does it: a line of one sign says nothing. */
		if (len >= blanks + 2) {
			autofree char *line = str_printf("%.*s", (int)(len - blanks), text + blanks);
			r = read_line(out, &open, line, file, at, e);
		}
		text += n + (text[n] == '\n');
	}
	if (r == 0 && open)
		r = bad(file, open->line, e, "this question has no ANSWER");
	return r;
}
