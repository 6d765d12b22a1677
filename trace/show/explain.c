#include "trace/show/explain.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/wrap.h"
#include "kernel/meta.h"

static const struct explanation table[] = {
#define EXPLAIN(kind, name, text) { EXPLAIN_##kind, name, text },
#include "trace/explain.def"
#undef EXPLAIN
};

static const char *const kind_names[] = {
	[EXPLAIN_CALL] = "call", [EXPLAIN_FLAG] = "flag", [EXPLAIN_NAMESPACE] = "namespace",
	[EXPLAIN_CGROUP] = "cgroup file", [EXPLAIN_FILE] = "kernel file",
};

const struct explanation *explain_find(enum explain_kind kind, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].kind == kind && strcasecmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void paragraph(struct str *out, const char *text, int width)
{
	str_add(out, "  ");
	wrap_text(out, text, width, 2, 2);
	str_add(out, "\n");
}

/* What the table of calls knows beside the explanation. */
static void call_facts(struct str *out, const struct k_meta *row, int width)
{
	struct str line = { 0 };

	str_addf(&line, "Arguments:");
	for (int i = 0; i < row->n_args; i++)
		str_addf(&line, "%s %s", i ? "," : "", row->arg[i].name);
	str_addf(&line, "%s. System call: %s. Manual: %s. Simulator: %s.",
		 row->n_args ? "" : " none", row->syscalls, row->man, row->sim);
	paragraph(out, line.s, width);
	str_free(&line);
}

static const struct k_meta *row_of(const char *name)
{
	for (int op = 0; op < K_COUNT; op++)
		if (strcasecmp(kernel_meta[op].name, name) == 0)
			return &kernel_meta[op];
	return NULL;
}

static void add(struct str *out, const struct explanation *x, int width)
{
	const struct k_meta *row = x->kind == EXPLAIN_CALL ? row_of(x->name) : NULL;

	str_addf(out, "%s (%s)\n", x->name, kind_names[x->kind]);
	paragraph(out, x->text, width);
	if (row)
		call_facts(out, row, width);
}

/* Is `word` one of the system calls in "clone3|clone|vfork" or "openat,write"? */
static bool names_syscall(const char *syscalls, const char *word)
{
	size_t len = strlen(word);

	while (*syscalls) {
		size_t n = strcspn(syscalls, "|,");
		if (n == len && strncasecmp(syscalls, word, n) == 0)
			return true;
		syscalls += n + (syscalls[n] != '\0');
	}
	return false;
}

/* The word as it stands in the table: no path before, "namespace" or "()" after. */
static char *bare(const char *word)
{
	const char *slash = strrchr(word, '/');
	char *w = str_dup(slash && slash[1] ? slash + 1 : word);

	w[strcspn(w, " (")] = '\0';
	return w;
}

bool explain_word(struct str *out, const char *word, int width)
{
	autofree char *w = bare(word);
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct explanation *x = &table[i];
		const struct k_meta *row = x->kind == EXPLAIN_CALL ? row_of(x->name) : NULL;
		if (strcasecmp(x->name, w) != 0 && !(row && names_syscall(row->syscalls, w)))
			continue;
		str_add(out, any ? "\n" : "");
		add(out, x, width);
		any = true;
	}
	return any;
}

void explain_list(struct str *out, int width)
{
	for (int kind = EXPLAIN_CALL; kind <= EXPLAIN_FILE; kind++) {
		struct str names = { 0 };
		for (size_t i = 0; i < ARRAY_SIZE(table); i++)
			if ((int)table[i].kind == kind)
				str_addf(&names, "%s%s", names.len ? " " : "", table[i].name);
		str_addf(out, "%ss\n", kind_names[kind]);
		paragraph(out, names.s, width);
		str_free(&names);
	}
}
