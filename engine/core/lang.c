#include "core/lang.h"

#include <libintl.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

#define DOMAIN "drydock"

static struct {
	char *name;		/* NULL: English */
	bool ascii;
	/* Folded messages by where the unfolded one lies: gettext's stay there. */
	struct folded { const char *from; char *to; } *folded;
	size_t size, used;
} lang;

/* ---- ASCII ---------------------------------------------------------------------- */

/* U+00C0 to U+00FF, by their letter; those of two letters are below. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

static const struct { const char *from, *to; } marks[] = {
	{ "ä", "ae" }, { "ö", "oe" }, { "ü", "ue" }, { "Ä", "Ae" }, { "Ö", "Oe" }, { "Ü", "Ue" },
	{ "ß", "ss" }, { "„", "\"" }, { "“", "\"" }, { "”", "\"" }, { "‚", "'" }, { "‘", "'" },
	{ "’", "'" }, { "–", "-" }, { "—", "-" }, { "…", "..." }, { "→", "->" }, { "·", "*" },
	{ "«", "<<" }, { "»", ">>" }, { "⟦", "[[" }, { "⟧", "]]" }, { "µ", "u" }, { "\u00a0", " " },
};

/* Appends one character of UTF-8 in ASCII; returns its length. */
static size_t fold_one(struct str *out, const char *s)
{
	size_t n = 1;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (str_starts(s, marks[i].from)) {
			str_add(out, marks[i].to);
			return strlen(marks[i].from);
		}
	if ((unsigned char)s[0] == 0xc3 && (s[1] & 0xc0) == 0x80) {
		str_addn(out, &latin[s[1] & 0x3f], 1);
		return 2;
	}
	while ((s[n] & 0xc0) == 0x80)
		n++;
	str_add(out, "?");
	return n;
}

char *lang_fold(const char *text)
{
	struct str out = { 0 };
	if (!lang.ascii)
		return str_dup(text);
	while (*text) {
		size_t n = 0;
		while (text[n] && !(text[n] & 0x80))
			n++;
		str_addn(&out, text, n);
		text += n;
		if (*text)
			text += fold_one(&out, text);
	}
	return str_take(&out);
}

void lang_ascii(void) { lang.ascii = true; }

static struct folded *place_of(const char *from)
{
	size_t i = ((uintptr_t)from >> 2) % lang.size;
	while (lang.folded[i].from && lang.folded[i].from != from)
		i = (i + 1) % lang.size;
	return &lang.folded[i];
}

/* At most half full: a free place is always near. */
static void make_room(void)
{
	struct folded *old = lang.folded;
	size_t n = lang.size;
	if (lang.used * 2 < n)
		return;
	lang.size = n ? n * 2 : 256;
	lang.folded = mem_alloc(lang.size * sizeof(*lang.folded));
	for (size_t i = 0; i < n; i++)
		if (old[i].from)
			*place_of(old[i].from) = old[i];
	free(old);
}

static const char *folded(const char *text)
{
	make_room();
	struct folded *f = place_of(text);
	if (!f->from) {
		*f = (struct folded){ text, lang_fold(text) };
		lang.used++;
	}
	return f->to;
}

/* ---- messages ------------------------------------------------------------------- */

const char *lang_text(const char *text)
{
	if (!lang.name || !*text)	/* "" is the catalogue's own head */
		return text;
	const char *s = dgettext(DOMAIN, text);
	return lang.ascii && s != text ? folded(s) : s;
}

const char *lang_plural(const char *one, const char *many, unsigned long n)
{
	if (!lang.name)
		return n == 1 ? one : many;
	const char *s = dngettext(DOMAIN, one, many, n);
	return lang.ascii && s != one && s != many ? folded(s) : s;
}

/* ---- which language --------------------------------------------------------------- */

/* Where catalogues are, from the program's folder: the build tree's, the installed ones. */
static char *catalogues_with(const char *name)
{
	static const char *const places[] = { "locale", "../share/locale", "../../locale" };
	autofree char *here = file_own_folder();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *dir = str_printf("%s/%s", here, places[i]);
		autofree char *file = str_printf("%s/%s/LC_MESSAGES/" DOMAIN ".mo", dir, name);
		if (access(file, R_OK) == 0)
			return dir;
		free(dir);
	}
	return NULL;
}

/* A name becomes part of paths: letters, digits, - and _ only. */
static bool well_formed(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-_")];
}

bool lang_has(const char *name)
{
	autofree char *dir = well_formed(name) ? catalogues_with(name) : NULL;
	return dir != NULL;
}

static const char *value_of(const char *variable)
{
	const char *v = getenv(variable);
	return v && *v ? v : NULL;
}

/* As gettext has it: in the locale C nobody is asked, else LANGUAGE goes first. */
static const char *from_environment(void)
{
	static const char *const locale[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	const char *own = value_of("DRYDOCK_LANG"), *v = NULL;
	for (size_t i = 0; !v && i < ARRAY_SIZE(locale); i++)
		v = value_of(locale[i]);
	if (own || !v || str_eq(v, "C") || str_eq(v, "POSIX"))
		return own;
	return value_of("LANGUAGE") ? value_of("LANGUAGE") : v;
}

/* One of "de_AT.UTF-8" (de_AT, then de); returns a language that is there, "en", or NULL. */
static char *usable(const char *word, size_t n)
{
	char *name = str_printf("%.*s", (int)n, word);
	name[strcspn(name, ".@")] = '\0';
	if (lang_has(name))
		return name;
	name[strcspn(name, "_")] = '\0';
	if (lang_has(name) || str_eq(name, "en") || str_eq(name, "C"))
		return name;
	free(name);
	return NULL;
}

static void take(const char *name)
{
	autofree char *dir = catalogues_with(name);
	if (!setlocale(LC_MESSAGES, "C.UTF-8"))
		setlocale(LC_MESSAGES, "");
	setenv("LANGUAGE", name, 1);
	setenv("DRYDOCK_LANG", name, 1);
	bindtextdomain(DOMAIN, dir);
	bind_textdomain_codeset(DOMAIN, "UTF-8");
	lang.name = str_dup(name);
}

void lang_begin(const char *name)
{
	const char *list = name ? name : from_environment();
	autofree char *found = NULL;
	while (list && *list && !found) {
		size_t n = strcspn(list, ":");
		found = usable(list, n);
		list += n + (list[n] == ':');
	}
	lang_off();
	if (found && !str_eq(found, "en") && !str_eq(found, "C"))
		take(found);
	else if (name)
		setenv("DRYDOCK_LANG", "en", 1);
}

void lang_off(void)
{
	free(lang.name);
	lang.name = NULL;
}

const char *lang_name(void) { return lang.name; }
