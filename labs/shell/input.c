/* The loop: keys, the trace, the journal.
 *
 * On a terminal readline works by callback (it never blocks), so that lines from
 * the engine can be printed while one is being typed: the typed line is taken
 * off the screen, the batch is printed, the line is put back.  In plain mode
 * nothing is ever taken back: what arrives waits for the next Enter.
 *
 * Without a terminal lines are read byte by byte, so that a command in the
 * script finds its own input where ours stops, as in any shell.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/shell/shell.h"

static struct shell *shell;	/* readline's callbacks take no argument */
static volatile sig_atomic_t got_int, got_winch, got_end;

static void on_int(int sig) { got_int = 1; }
static void on_winch(int sig) { got_winch = 1; }
static void on_end(int sig) { got_end = 1; }

char *input_prompt(const struct shell *sh)
{
	/* \1 and \2 tell readline that what is between takes no room. */
	const char *on = sh->screen.plain ? "" : "\001\033[1m\002";
	const char *off = sh->screen.plain ? "" : "\001\033[0m\002";
	return str_printf(_("%slab 7.4 step %d host>%s "), on, sh->lab->number, off);
}

static void on_line(char *line);

static void install(void)
{
	autofree char *prompt = input_prompt(shell);
	rl_callback_handler_install(prompt, on_line);
}

static void on_eof(struct shell *sh)
{
	putchar('\n');
	/* readline would end every further line as if it were the last. */
	rl_eof_found = 0;
	line_run(sh, "exit");
}

static void on_line(char *line)
{
	rl_callback_handler_remove();
	if (!line)
		on_eof(shell);
	else if (*line)
		add_history(line);
	if (shell->screen.plain)
		live_flush(&shell->live, &shell->screen);
	if (line)
		line_run(shell, line);
	free(line);
	fflush(stdout);
	if (!shell->quit)
		install();
}

static void each_trace(void *arg, const char *line, size_t n)
{
	struct shell *sh = arg;
	live_line(&sh->live, &sh->screen, line, n);
}

static bool news;	/* facts arrived that the shell has not seen */

static void each_fact(void *arg, const char *line, size_t n) { news = true; }

static void read_streams(struct shell *sh)
{
	if (sh->trace.fd >= 0 && !follow_read(&sh->trace, each_trace, sh))
		follow_stop(&sh->trace);
	if (sh->facts.fd >= 0 && !follow_read(&sh->facts, each_fact, sh))
		follow_stop(&sh->facts);
}

/* A start's calls come in many pieces: waits a moment for more, so that they are
 * one batch, unless a key is pressed. */
static void read_batch(struct shell *sh)
{
	for (int i = 0; i < 10; i++) {
		struct pollfd p[3] = { { .fd = STDIN_FILENO, .events = POLLIN },
				       { .fd = sh->trace.fd, .events = POLLIN },
				       { .fd = sh->facts.fd, .events = POLLIN } };
		read_streams(sh);
		if (poll(p, 3, 15) <= 0 || p[0].revents)
			return;
	}
}

/* Facts that came by themselves: from another terminal, or late. */
static bool have_news(struct shell *sh)
{
	struct err e;
	bool asked = news;
	news = false;
	return asked && course_refresh(&sh->course, &e) == 0 && step_news(sh);
}

/* Prints beside the line that is being typed, which stays whole. */
static void print_beside(struct shell *sh)
{
	bool say;
	if (sh->screen.plain || !((say = have_news(sh)) || sh->live.pending.len))
		return;
	rl_clear_visible_line();
	live_flush(&sh->live, &sh->screen);
	if (say)
		line_settle(sh);
	fflush(stdout);
	rl_on_new_line();
	rl_redisplay();
}

static void handle_signals(struct shell *sh)
{
	if (got_winch) {
		got_winch = 0;
		rl_resize_terminal();
		screen_measure(&sh->screen);
	}
	if (got_int) {
		got_int = 0;
		fputs("^C\n", stdout);
		rl_free_line_state();
		rl_callback_handler_remove();
		install();
	}
}

static void set_signals(void)
{
	struct sigaction a = { .sa_handler = on_int };
	sigaction(SIGINT, &a, NULL);
	a.sa_handler = on_winch;
	sigaction(SIGWINCH, &a, NULL);
	/* The terminal is gone, or we are asked to go: end as `quit` does. */
	a.sa_handler = on_end;
	sigaction(SIGHUP, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	/* Handing the terminal to a child and taking it back must not stop us. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static char *history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && *state)
		return str_printf("%s/drydock/history", state);
	return str_printf("%s/.local/state/drydock/history", home ? home : "/tmp");
}

static void set_readline(struct shell *sh)
{
	rl_readline_name = "drydock";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	if (sh->screen.plain)
		rl_terminal_name = "dumb";
	rl_variable_bind("enable-bracketed-paste", sh->screen.plain ? "off" : "on");
	rl_attempted_completion_function = complete_line;
	using_history();
	stifle_history(1000);
}

static void terminal_loop(struct shell *sh)
{
	autofree char *history = history_path();
	shell = sh;
	set_readline(sh);
	read_history(history);
	install();
	while (!sh->quit && !got_end) {
		struct pollfd p[3] = { { .fd = STDIN_FILENO, .events = POLLIN },
				       { .fd = sh->trace.fd, .events = POLLIN },
				       { .fd = sh->facts.fd, .events = POLLIN } };
		poll(p, 3, -1);
		handle_signals(sh);
		if (p[1].revents || p[2].revents)
			read_batch(sh);
		print_beside(sh);
		if (p[0].revents & POLLIN)
			rl_callback_read_char();
		else if (p[0].revents)
			break;	/* the terminal is gone */
	}
	rl_callback_handler_remove();
	char *slash = strrchr(history, '/');
	*slash = '\0';
	dir_make(history, 0700, NULL);
	*slash = '/';
	write_history(history);
}

/* One line of a script; false at its end. */
static bool read_line(struct str *line)
{
	char c;
	ssize_t n;
	str_clear(line);
	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
		str_addn(line, &c, 1);
	return n == 1 || line->len;
}

static void script_loop(struct shell *sh)
{
	autostr struct str line = { 0 };
	while (!sh->quit && !got_end && read_line(&line)) {
		autofree char *prompt = input_prompt(sh);
		printf("%s%s\n", prompt, line.s ? line.s : "");
		if (line.s)
			line_run(sh, line.s);
		fflush(stdout);
	}
}

bool input_yes(struct shell *sh, const char *question)
{
	char answer[64];
	if (!sh->interactive)
		return false;
	/* The key is y in every language. */
	printf("%s [y/N] ", question);
	fflush(stdout);
	ssize_t n = read(STDIN_FILENO, answer, sizeof(answer));
	return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

void input_loop(struct shell *sh)
{
	set_signals();
	if (sh->interactive)
		terminal_loop(sh);
	else
		script_loop(sh);
}
