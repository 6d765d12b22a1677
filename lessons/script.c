#include "lessons/script.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/lang.h"
#include "labs/own_docker.h"

#define KEYS_SCRIPT "title script shows cleanup"
#define KEYS_LINE   "say run expect code"

/* ---- reading ------------------------------------------------------------------- */

static int check_pattern(const struct front *f, const yaml_node_t *map, const char *pattern,
			 struct err *e)
{
	regex_t re;
	char why[128];
	int r = regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	if (r == 0) {
		regfree(&re);
		return 0;
	}
	regerror(r, &re, why, sizeof(why));
	return front_wrong(f, map, e, "\"expect\" is no regular expression: %s", why);
}

static int read_line(const struct front *f, const yaml_node_t *map, struct script_line *l,
		     struct err *e)
{
	const char *code;
	int r = front_only(f, map, KEYS_LINE, e);
	if (r == 0)
		r = front_need(f, map, "run", &l->run, e);
	if (r < 0)
		return r;
	l->say = front_text(front_get(f, map, "say"));
	l->expect = front_text(front_get(f, map, "expect"));
	code = front_text(front_get(f, map, "code"));
	if (code && (!*code || code[strspn(code, "0123456789")]))
		return front_wrong(f, map, e, "\"code\" is to be an exit code, not \"%s\"", code);
	l->code = code ? atoi(code) : 0;
	return l->expect ? check_pattern(f, map, l->expect, e) : 0;
}

static int read_cleanup(const struct front *f, const yaml_node_t *map, struct script *s,
			struct err *e)
{
	const yaml_node_t *list = front_get(f, map, "cleanup");
	s->cleanup = mem_alloc((front_size(list) + 1) * sizeof(*s->cleanup));
	for (; s->n_cleanup < front_size(list); s->n_cleanup++) {
		s->cleanup[s->n_cleanup] = front_text(front_item(f, list, s->n_cleanup, NULL));
		if (!s->cleanup[s->n_cleanup])
			return front_wrong(f, list, e, "expected one line of shell for each item");
	}
	return 0;
}

int script_read(const struct front *f, const yaml_node_t *map, struct script *out, struct err *e)
{
	struct script s = { 0 };
	const yaml_node_t *list = front_get(f, map, "script");
	int r = front_only(f, map, KEYS_SCRIPT, e);
	if (r == 0)
		r = front_need(f, map, "title", &s.title, e);
	if (r == 0)
		r = front_need(f, map, "shows", &s.shows, e);
	if (r == 0 && !front_size(list))
		r = front_wrong(f, map, e, "expected a script: lines with \"run: COMMAND\"");
	s.v = mem_alloc((front_size(list) + 1) * sizeof(*s.v));
	for (; r == 0 && s.n < front_size(list); s.n++)
		r = read_line(f, front_item(f, list, s.n, NULL), &s.v[s.n], e);
	if (r == 0)
		r = read_cleanup(f, map, &s, e);
	if (r < 0)
		script_free(&s);
	else
		*out = s;
	return r;
}

void script_free(struct script *s)
{
	free(s->v);
	free(s->cleanup);
	*s = (struct script){ 0 };
}

/* ---- running ------------------------------------------------------------------- */

static void child(const char *line, int to)
{
	int null = open("/dev/null", O_RDONLY);
	dup2(null, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	dup2(to, STDERR_FILENO);
	setenv("DRYDOCK_ACTOR", "demo", 1);
	unsetenv("DRYDOCK_STEP");
	execl("/bin/sh", "sh", "-c", line, NULL);
	_exit(127);
}

/* Its exit code, all it printed in out; with a screen also shown as it comes. */
static int run_line(const char *line, bool show, struct str *out, struct err *e)
{
	int ends[2], status;
	char block[4096];
	ssize_t n;
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
	while ((n = read(from, block, sizeof(block))) > 0 || (n < 0 && errno == EINTR)) {
		str_addn(out, block, n > 0 ? (size_t)n : 0);
		if (show && n > 0 && write_all(STDOUT_FILENO, block, (size_t)n) < 0)
			show = false;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void clean_up(const struct script *s)
{
	for (size_t i = 0; i < s->n_cleanup; i++) {
		autostr struct str out = { 0 };
		run_line(s->cleanup[i], false, &out, NULL);
	}
}

/* ---- images ---------------------------------------------------------------------
 * A step of the lab may ask the learner to fetch an image.  What a demonstration has
 * fetched is taken away again, or that step would find nothing left to do. */

static char *image_names(void)
{
	struct str out = { 0 };
	run_line("docker images --format '{{.Repository}}:{{.Tag}}' | sed 's/^/ /'", false, &out,
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
			run_line(remove, false, &out, NULL);
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

static int run_one(const struct screen *screen, const struct script_line *l, struct err *e)
{
	autostr struct str out = { 0 };
	if (l->say)
		screen_say(screen, TONE_TEXT, "", l->say);
	screen_say(screen, TONE_HEAD, "$ ", l->run);
	int code = run_line(l->run, true, &out, e);
	if (code < 0)
		return code;
	if (out.len && out.s[out.len - 1] != '\n')
		putchar('\n');
	return judge(screen, l, code, out.s ? out.s : "");
}

int script_run(const struct script *s, const struct screen *screen, struct err *e)
{
	char *made = NULL;
	int r = own_docker_first(&made, e);
	if (r == 0)
		clean_up(s);
	autofree char *before = image_names();
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = run_one(screen, &s->v[i], e);
	clean_up(s);
	remove_new_images(before);
	own_docker_remove(made);
	if (r == 0)
		screen_say(screen, TONE_GOOD, _("seen: "), s->shows);
	return r;
}
