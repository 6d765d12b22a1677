#include "labs/vocabulary.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/* The file itself, byte for byte, ends up between these two symbols. */
__asm__(".pushsection .rodata\n"
	"fact_def_begin: .incbin \"trace/fact.def\"\n"
	"fact_def_end: .byte 0\n"
	".popsection\n");
extern const char fact_def_begin[], fact_def_end[];

#define MAX_TYPES 96

struct row { char *name, *fields; };

static struct row rows[MAX_TYPES];
static size_t n_rows;

/* A copy of s[0..len) without the blanks at both ends. */
static char *trimmed(const char *s, size_t len)
{
	struct str out = { 0 };
	while (len && isspace((unsigned char)*s))
		s++, len--;
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	str_addn(&out, s, len);
	return str_take(&out);
}

/* "type | fields | actor | meaning" */
static void add_row(const char *line, size_t len)
{
	const char *end = line + len, *a, *b;
	if (!len || *line == '#' || n_rows == MAX_TYPES)
		return;
	a = memchr(line, '|', len);
	b = a ? memchr(a + 1, '|', (size_t)(end - a - 1)) : NULL;
	if (!b || !memchr(b + 1, '|', (size_t)(end - b - 1)))
		return;
	struct row *r = &rows[n_rows++];
	r->name = trimmed(line, (size_t)(a - line));
	r->fields = trimmed(a + 1, (size_t)(b - a - 1));
}

static void load(void)
{
	if (n_rows)
		return;
	for (const char *s = fact_def_begin; s < fact_def_end;) {
		const char *nl = memchr(s, '\n', (size_t)(fact_def_end - s));
		size_t len = (size_t)((nl ? nl : fact_def_end) - s);
		add_row(s, len);
		s += len + 1;
	}
}

int vocabulary_type(const char *name, size_t len)
{
	load();
	for (size_t i = 0; i < n_rows; i++)
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

int vocabulary_find(const char *name) { return vocabulary_type(name, strlen(name)); }

const char *vocabulary_name(int type) { return rows[type].name; }

const char *vocabulary_fields(int type) { return rows[type].fields; }

/* A field is a word at depth 0, or inside "([{ })", of the column; what is in
 * plain brackets explains values and names none. */
bool vocabulary_has_field(int type, const char *field, size_t len)
{
	const char *s = rows[type].fields;
	int skip = 0;
	while (*s) {
		if (*s == '(' && s[1] != '[')
			skip++;
		else if (*s == ')' && skip)
			skip--;
		if (skip || !isalpha((unsigned char)*s)) {
			s++;
			continue;
		}
		size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (n == len && memcmp(s, field, len) == 0)
			return true;
		s += n;
	}
	return false;
}
