#include "lessons/play.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/lang.h"
#include "labs/own_docker.h"
#include "lessons/keys.h"
#include "lessons/vote.h"

#define KEY_MS     45		/* between two letters, at speed 1 */
#define LOOK_S     2.5		/* to look at what came */
#define READ_S     0.05		/* to read one letter of a sentence */
#define GRACE_MS   1000		/* for a line to end after Ctrl-C */
#define BAR_WIDTH  30
#define FASTER     1.25
#define SPEED_MOST 100.0

/* ---- a line ---------------------------------------------------------------------- */

static void child(const char *line, int to)
{
	int null = open("/dev/null", O_RDONLY);
	/* The terminal's Ctrl-C is for us: we end the line, then clear up. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(null, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	dup2(to, STDERR_FILENO);
	setenv("DRYDOCK_ACTOR", "demo", 1);
	unsetenv("DRYDOCK_STEP");
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(127);
}

/* Is there more to read, before `ms` are over?  Who joins at the notes is let in meanwhile. */
static bool more(int from, struct notes *notes, int ms)
{
	struct pollfd p[] = { { .fd = from, .events = POLLIN },
			      { .fd = notes_fd(notes), .events = POLLIN } };
	int r;
	do {
		r = poll(p, 2, ms);
		if (r > 0 && p[1].revents)
			notes_accept(notes);
	} while (r > 0 && !p[0].revents);
	return r > 0;
}

/* All that it prints.  The line ends when it is stopped, unless it is one that clears up. */
static void collect(int from, pid_t pid, const struct stage *st, struct str *out)
{
	char block[4096];
	ssize_t n = 1;
	bool asked = false;
	while (n > 0) {
		if (st && keys_stopped() && !asked) {
			kill(-pid, SIGTERM);
			asked = true;
		}
		if (!more(from, st ? st->notes : NULL, asked ? GRACE_MS : -1)) {
			if (asked)
				break;
			continue;
		}
		n = read(from, block, sizeof(block));
		str_addn(out, block, n > 0 ? (size_t)n : 0);
		if (st && n > 0) {
			fwrite(block, 1, (size_t)n, stdout);
			fflush(stdout);
		}
	}
	if (asked)
		kill(-pid, SIGKILL);
}

/* Its exit code, all it printed in out; on a stage (NULL: none) also shown as it comes. */
static int run_line(const char *line, const struct stage *st, struct str *out, struct err *e)
{
	int ends[2], status;
	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, _("run a demonstration"));
	pid_t pid = fork();
	if (pid == 0)
		child(line, ends[1]);
	close(ends[1]);
	autofd int from = ends[0];
	if (pid < 0)
		return err_sys(e, errno, _("run a demonstration"));
	collect(from, pid, st, out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void clean_up(const struct script *s)
{
	for (size_t i = 0; i < s->n_cleanup; i++) {
		autostr struct str out = { 0 };
		run_line(s->cleanup[i], NULL, &out, NULL);
	}
}

/* ---- images ---------------------------------------------------------------------
 * A step of the lab may ask the learner to fetch an image.  What a demonstration has
 * fetched is taken away again, or that step would find nothing left to do. */

static char *image_names(void)
{
	struct str out = { 0 };
	run_line("docker images --format '{{.Repository}}:{{.Tag}}' | sed 's/^/ /'", NULL, &out,
		 NULL);
	return str_take(&out);
}

/* before: a name a line, each with a blank in front. */
static void remove_new_images(const char *before)
{
	autofree char *now = image_names();
	for (char *name = strtok(now, "\n"); name; name = strtok(NULL, "\n")) {
		autofree char *line = str_printf("%s\n", name);
		autofree char *remove = str_printf("docker rmi %s", name);
		autostr struct str out = { 0 };
		if (!strstr(before, line) && !strchr(name, '<'))
			run_line(remove, NULL, &out, NULL);
	}
}

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB) != 0)
		return false;
	bool yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

/* 1: it was said what came otherwise. */
static int judge(const struct screen *screen, const struct script_line *l, int code,
		 const char *text)
{
	if (code != l->code)
		screen_sayf(screen, TONE_WARN, _("otherwise: "),
			    _("this was to end with exit code %d, and ended with %d."),
			    l->code, code);
	else if (l->expect && !matches(l->expect, text))
		screen_sayf(screen, TONE_WARN, _("otherwise: "),
			    _("this was to print something that matches %s."), l->expect);
	else
		return 0;
	return 1;
}

/* ---- before a class -------------------------------------------------------------- */

static bool typed(const struct stage *st) { return st->pace != PACE_READ; }

/* Lets time pass; a speaker's key ends it early, and + and - change the speed. */
static void pass(struct stage *st, double seconds)
{
	seconds /= st->speed;
	cast_pause(st->pace == PACE_REHEARSE ? st->cast : NULL, seconds);
	if (st->pace < PACE_ALONE)
		return;
	fflush(stdout);
	while (keys_wait(st->pace == PACE_SPEAKER, notes_fd(st->notes), (int)(seconds * 1000)) < 0)
		notes_accept(st->notes);
}

/* What only the speaker is to see: it stays out of a recording, and goes away again. */
static void aside(const struct stage *st, const char *text)
{
	fflush(stdout);
	write_all(STDOUT_FILENO, text, strlen(text));
	if (st->screen->plain)
		write_all(STDOUT_FILENO, "\n", 1);
}

static void change_speed(struct stage *st, double by)
{
	double speed = st->speed * by;
	if (speed >= 1 / SPEED_MOST && speed <= SPEED_MOST)
		st->speed = speed;
}

/* Until the speaker goes on. */
static void hold(struct stage *st)
{
	if (st->pace != PACE_SPEAKER || keys_stopped()) {
		pass(st, LOOK_S);
		return;
	}
	aside(st, _("[Enter: go on, + - speed, q: end]"));
	for (int key = 0; !keys_stopped() && !strchr("\r\n ", key ? key : 'x');) {
		key = keys_wait(true, notes_fd(st->notes), -1);
		if (key < 0)
			notes_accept(st->notes);
		else if (key == 'q')
			keys_stop();
		else if (key == '+' || key == '-')
			change_speed(st, key == '+' ? FASTER : 1 / FASTER);
		key = key < 0 ? 0 : key;
	}
	if (!st->screen->plain)
		write_all(STDOUT_FILENO, "\r\033[K", 4);
}

static void type_line(struct stage *st, const char *line)
{
	printf("%s$ ", screen_on(st->screen, TONE_HEAD));
	for (const char *c = line; *c && !keys_stopped(); c++) {
		putchar(*c);
		if (((unsigned char)c[1] & 0xc0) != 0x80)
			pass(st, KEY_MS / 1000.0);
	}
	printf("%s", screen_off(st->screen));
	hold(st);
	putchar('\n');
}

static void say_line(struct stage *st, const char *text)
{
	screen_say(st->screen, TONE_TEXT, "", text);
	if (typed(st))
		pass(st, READ_S * (double)strlen(text));
}

static void tell_notes(const struct stage *st, const struct script *s, size_t i)
{
	const struct script_line *l = &s->v[i];
	autostr struct str t = { 0 };
	str_addf(&t, _("\n---- step %zu of %zu\n"), i + 1, s->n);
	if (l->note)
		str_addf(&t, "%s\n", l->note);
	if (l->forecast)
		str_addf(&t, _("the room predicts; right is %s: %s\n"), l->forecast->right,
			 l->forecast->why);
	str_addf(&t, _("runs: %s\n"), l->run);
	if (l->expect)
		str_addf(&t, _("is to show: %s\n"), l->expect);
	if (i + 1 < s->n && s->v[i + 1].say)
		str_addf(&t, _("then: %s\n"), s->v[i + 1].say);
	notes_say(st->notes, t.s);
}

/* ---- predictions ----------------------------------------------------------------- */

static void vote(struct stage *st, const struct forecast *f, struct tally *t)
{
	struct err why = { 0 };
	int r = -EINVAL;
	while (r < 0 && !keys_stopped()) {
		autostr struct str line = { 0 };
		aside(st, _("hands (12 5 3, or a letter each: aabc; Enter: no vote) > "));
		keys_line(&line);
		r = vote_parse(f, line.s ? line.s : "", t, &why);
		if (r < 0)
			screen_sayf(st->screen, TONE_WARN, _("again: "), "%s", why.hint);
		err_clear(&why);
	}
}

static void poll_room(struct stage *st, const struct forecast *f)
{
	static const char *const calls[VOTE_ROUNDS] = {
		N_("First vote: each alone."),
		N_("Second vote: after you have talked it over with your neighbour."),
	};
	struct tally rounds[VOTE_ROUNDS] = { 0 };
	for (int i = 0; i < VOTE_ROUNDS && !keys_stopped(); i++) {
		autostr struct str bars = { 0 };
		screen_say(st->screen, TONE_HEAD, "", _(calls[i]));
		vote(st, f, &rounds[i]);
		if (!rounds[i].held)
			break;
		vote_bars(f, rounds, BAR_WIDTH, &bars);
		fputs(bars.s, stdout);
	}
}

static void predict(struct stage *st, const struct forecast *f)
{
	cast_marker(st->cast, f->ask);
	screen_say(st->screen, TONE_HEAD, _("predict: "), f->ask);
	for (size_t i = 0; i < f->n; i++) {
		char label[] = "  a  ";
		label[2] = f->options[i].key;
		screen_say(st->screen, TONE_TEXT, label, f->options[i].text);
	}
	if (st->pace == PACE_SPEAKER)
		poll_room(st, f);
	else if (typed(st))
		pass(st, READ_S * (double)strlen(f->ask) + LOOK_S);
}

static void outcome(const struct stage *st, const struct forecast *f)
{
	autofree char *label = str_printf(_("right is %s: "), f->right);
	screen_say(st->screen, TONE_GOOD, label, f->why);
}

/* ---- all of it ------------------------------------------------------------------- */

static int play_line(struct stage *st, const struct script *s, size_t i, struct err *e)
{
	const struct script_line *l = &s->v[i];
	autostr struct str out = { 0 };
	tell_notes(st, s, i);
	cast_marker(st->cast, l->say ? l->say : l->run);
	if (l->say)
		say_line(st, l->say);
	if (l->forecast)
		predict(st, l->forecast);
	if (typed(st))
		type_line(st, l->run);
	else
		screen_say(st->screen, TONE_HEAD, "$ ", l->run);
	if (keys_stopped())
		return -ECANCELED;
	int code = run_line(l->run, st, &out, e);
	if (code < 0)
		return code;
	if (keys_stopped())
		return -ECANCELED;
	if (out.len && out.s[out.len - 1] != '\n')
		putchar('\n');
	int r = judge(st->screen, l, code, out.s ? out.s : "");
	if (r == 0 && l->forecast)
		outcome(st, l->forecast);
	if (r == 0 && typed(st))
		hold(st);
	return r;
}

static int play(const struct script *s, struct stage *st, struct err *e)
{
	char *made = NULL;
	int r = own_docker_first(&made, e);
	if (r == 0)
		clean_up(s);
	autofree char *before = image_names();
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = play_line(st, s, i, e);
	clean_up(s);
	remove_new_images(before);
	own_docker_remove(made);
	if (r == 0)
		screen_say(st->screen, TONE_GOOD, _("seen: "), s->shows);
	return r;
}

int script_play(const struct script *s, struct stage *st, struct err *e)
{
	struct keys k = { 0 };
	keys_begin(&k, st->pace == PACE_SPEAKER);
	int r = play(s, st, e);
	keys_end(&k);
	if (r == -ECANCELED)
		err_set(e, ECANCELED, _("stopped; what the demonstration had made is gone again"));
	return r;
}

int script_run(const struct script *s, const struct screen *screen, struct err *e)
{
	struct stage st = { .screen = screen, .pace = PACE_READ, .speed = 1 };
	return script_play(s, &st, e);
}
