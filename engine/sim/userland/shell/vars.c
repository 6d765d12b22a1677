/* vars.c - variables and parameters. */
#include "sim/userland/shell/shell.h"

#include <string.h>

struct var *var_find(struct shell *sh, const char *name)
{
	for (struct var *v = sh->vars; v; v = v->next)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

const char *var_get(struct shell *sh, const char *name)
{
	struct var *v = var_find(sh, name);

	return v ? v->value : NULL;
}

struct var *var_make(struct shell *sh, const char *name)
{
	struct var *v = var_find(sh, name), **tail = &sh->vars;

	if (v)
		return v;
	while (*tail)
		tail = &(*tail)->next;
	v = *tail = arena_alloc(&sh->keep, sizeof(*v));
	v->name = arena_dup(&sh->keep, name);
	return v;
}

/* A value takes the place of the old one where it fits: loops count for ever. */
static void var_store(struct shell *sh, struct var *v, const char *value)
{
	size_t n = strlen(value) + 1;

	if (n > v->cap) {
		size_t cap = n < 16 ? 16 : n * 2;
		char *fresh = arena_alloc(&sh->keep, cap);

		memcpy(fresh, value, n);
		v->value = fresh;
		v->cap = cap;
		return;
	}
	if (!v->value)
		v->cap = 0;
	if (v->cap)
		memmove(v->value, value, n);
	else
		var_store(sh, v, value);
}

bool var_set(struct shell *sh, const char *name, const char *value)
{
	struct var *v = var_make(sh, name);

	if (v->readonly) {
		shell_fails(sh, sh->d->bash ? 1 : 2, sh->d->read_only, name);
		return false;
	}
	var_store(sh, v, value);
	if (sh->options['a'])
		v->exported = true;
	return true;
}

void var_unset(struct shell *sh, const char *name)
{
	for (struct var **v = &sh->vars; *v; v = &(*v)->next)
		if (!strcmp((*v)->name, name)) {
			if ((*v)->readonly)
				shell_fails(sh, sh->d->bash ? 1 : 2, sh->d->read_only, name);
			else
				*v = (*v)->next;
			return;
		}
}

void vars_import(struct shell *sh, char **environ)
{
	for (; environ && *environ; environ++) {
		const char *eq = strchr(*environ, '=');
		char *name;

		if (!eq || shell_name(*environ) != (size_t)(eq - *environ))
			continue;
		name = arena_dupn(&sh->keep, *environ, (size_t)(eq - *environ));
		var_store(sh, var_make(sh, name), eq + 1);
		var_find(sh, name)->exported = true;
	}
}

char **vars_environ(struct shell *sh, struct arena *a)
{
	struct list l = { .a = a };

	for (struct var *v = sh->vars; v; v = v->next)
		if (v->exported && v->value)
			list_add(&l, arena_printf(a, "%s=%s", v->name, v->value));
	if (!l.n)
		return arena_alloc(a, sizeof(char *));
	return l.v;
}

void vars_copy(struct shell *to, const struct shell *from)
{
	struct var **tail = &to->vars;

	for (const struct var *v = from->vars; v; v = v->next) {
		struct var *w = *tail = arena_alloc(&to->keep, sizeof(*w));

		*w = (struct var){ .name = arena_dup(&to->keep, v->name),
				   .exported = v->exported, .readonly = v->readonly };
		if (v->value)
			var_store(to, w, v->value);
		tail = &w->next;
	}
}

/* $-: the options that are set. */
static const char *option_letters(struct shell *sh)
{
	struct text t = { .a = &sh->work };

	for (int c = 'a'; c <= 'z'; c++)
		if (sh->options[c])
			text_addc(&t, (char)c);
	if (sh->interactive)
		text_addc(&t, 'i');
	return text_str(&t);
}

static const char *number(struct shell *sh, long n)
{
	return arena_printf(&sh->work, "%ld", n);
}

static const char *special_param(struct shell *sh, char c)
{
	switch (c) {
	case '?': return number(sh, sh->status);
	case '$': return number(sh, sh->pid);
	case '!': return sh->last_job ? number(sh, sh->last_job) : "";
	case '#': return number(sh, sh->n_args);
	case '-': return option_letters(sh);
	default: return NULL;
	}
}

const char *param_get(struct shell *sh, const char *name)
{
	if (name[0] >= '0' && name[0] <= '9') {
		int n = 0;

		for (; *name >= '0' && *name <= '9' && n < 100000; name++)
			n = n * 10 + (*name - '0');
		if (n == 0)
			return sh->arg0;
		return n <= sh->n_args ? sh->args[n - 1] : NULL;
	}
	if (!shell_name(name))
		return special_param(sh, name[0]);
	if (!strcmp(name, "LINENO"))
		return number(sh, sh->line);
	return var_get(sh, name);
}
