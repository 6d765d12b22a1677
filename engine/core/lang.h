/* lang.h - what people read, in their language.
 *
 *	screen_say(s, TONE_TEXT, "", _("Type `predict` first."));
 *	{ "check", N_("how far you are") }, ...		printf("%s", _(verb->help));
 *	screen_sayf(s, TONE_TEXT, "", P_("%d hint", "%d hints", n), n);
 *
 * What programs read (JSON, exports, facts, ids, proof words) and all of docker's
 * own command line stay as they are: no _() there.  po/README.md is for translators,
 * po/drydock.pot is made from the sources by tests/helpers/strings.sh.
 *
 * Theory of operation.  Messages come from gettext (domain "drydock"), the texts of
 * labs, lessons and quiz from files beside the English ones (lab.de.md, labs/front.h).
 * In English, the default, nothing is opened and _() costs a comparison.  glibc
 * translates only outside of the locale "C", and a machine may have no other than
 * C.UTF-8: so lang_begin() takes that one for messages and names the language in
 * LANGUAGE, which is where gettext looks first.
 */
#ifndef DRYDOCK_CORE_LANG_H
#define DRYDOCK_CORE_LANG_H

#include <stdbool.h>

#define _(text) lang_text(text)
#define N_(text) (text)
#define P_(one, many, n) lang_plural(one, many, (unsigned long)(n))

/* The translation, or the text itself; lives as long as the program. */
const char *lang_text(const char *text) __attribute__((format_arg(1)));
const char *lang_plural(const char *one, const char *many, unsigned long n)
	__attribute__((format_arg(1), format_arg(2)));

/* Takes `name` ("de"), or if that is NULL what DRYDOCK_LANG says, else what the locale
 * variables and LANGUAGE do.  Programs started from here get the same. */
void lang_begin(const char *name);
/* Back to English: for output that programs read. */
void lang_off(void);
/* "de"; NULL: English. */
const char *lang_name(void);
/* Is there a catalogue of messages for it?  False as well if Drydock was built without gettext. */
bool lang_has(const char *name);

/* From here on all texts are ASCII: umlauts are written out (ae), marks become plain ones. */
void lang_ascii(void);
/* The text in ASCII if lang_ascii() was called, else a copy.  Caller frees. */
char *lang_fold(const char *text);

#endif
