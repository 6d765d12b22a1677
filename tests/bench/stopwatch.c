/* stopwatch.c - times commands against each other, taking turns.
 *
 *	stopwatch ROUNDS -- [VAR=value ...] COMMAND ... -- COMMAND ...
 *
 * Each round runs every command once, so that whatever else the machine does
 * hits all alike; every other round goes backwards, so that no command always
 * follows the same other; the first round warms up and isn't counted.  Prints a line for
 * each command: the nanoseconds from spawn to exit of every round.  A command
 * that fails ends everything with status 1.  Output of commands goes nowhere.
 *
 * A program of its own, since an interpreter's way to start a process would add
 * a millisecond to each.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX 16
#define REST_US 50000	/* engines clean up and prepare after a run: that is nobody else's time */

extern char **environ;

struct command { char **argv; char *env[512]; uint64_t *ns; };

static struct command commands[MAX];
static int n_commands;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* VAR=value words in front of a command go into its environment, as in the shell. */
static void add_command(char **words, int rounds)
{
	struct command *c = &commands[n_commands++];
	int n = 0;

	while (*words && strchr(*words, '=') && **words != '/')
		c->env[n++] = *words++;
	for (char **e = environ; *e && n < 511; e++)
		c->env[n++] = *e;
	c->argv = words;
	c->ns = calloc(rounds + 1, sizeof(*c->ns));
}

static void parse(char **words, int rounds)
{
	char **first = NULL;

	for (; *words; words++) {
		if (strcmp(*words, "--"))
			continue;
		*words = NULL;
		if (first)
			add_command(first, rounds);
		first = words + 1;
	}
	if (first)
		add_command(first, rounds);
}

static uint64_t run(const struct command *c, const posix_spawn_file_actions_t *quiet)
{
	uint64_t began = now();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, c->argv[0], quiet, NULL, c->argv, c->env) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "stopwatch: %s failed\n", c->argv[0]);
		exit(1);
	}
	return now() - began;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t quiet;
	int rounds = argc > 3 ? atoi(argv[1]) : 0;

	if (rounds < 1) {
		fprintf(stderr, "usage: stopwatch ROUNDS -- COMMAND ... [-- COMMAND ...]\n");
		return 2;
	}
	parse(argv + 2, rounds);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i <= rounds; i++)
		for (int j = 0; j < n_commands; j++) {
			struct command *c = &commands[i % 2 ? n_commands - 1 - j : j];
			c->ns[i] = run(c, &quiet);
			usleep(REST_US);
		}
	for (int j = 0; j < n_commands; j++) {
		for (int i = 1; i <= rounds; i++)
			printf("%llu ", (unsigned long long)commands[j].ns[i]);
		printf("\n");
	}
	return 0;
}
