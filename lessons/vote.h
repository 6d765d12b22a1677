/* vote.h - the room's answers to a prediction, counted and shown.
 *
 * Two rounds (peer instruction): all vote, talk to their neighbours, and vote again.
 */
#ifndef DRYDOCK_LESSONS_VOTE_H
#define DRYDOCK_LESSONS_VOTE_H

#include "core/error.h"
#include "core/str.h"
#include "lessons/script.h"

#define VOTE_ROUNDS 2

struct tally { int count[FORECAST_OPTIONS]; bool held; };

/* "12 5 3": a number for each option, in order; or "aabca": a letter for each hand.
 * Nothing but blanks: no vote was held.  EINVAL: neither, with what was expected. */
int vote_parse(const struct forecast *f, const char *text, struct tally *out, struct err *e);

/* Bars of ASCII, a line for each option and round that was held; bar: their width. */
void vote_bars(const struct forecast *f, const struct tally rounds[VOTE_ROUNDS], int bar,
	       struct str *out);

#endif
