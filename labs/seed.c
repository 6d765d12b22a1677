#include "labs/seed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/own_docker.h"
#include "labs/vocabulary.h"

/* Has a seed made something for this step since it was begun? */
static bool is_planted(const struct course *s, const struct lab *l)
{
	struct fact_list made = facts_of(s->facts, vocabulary_find("ctr.create"), NULL);
	int64_t since = progress_of(s->facts, l).since;
	for (size_t i = 0; i < made.n; i++) {
		const struct fact *x = facts_at(s->facts, made.at[i]);
		if (x->seq > since && str_eq(x->actor, "seed") && atoi(x->step) == l->number)
			return true;
	}
	return false;
}

/* Its output is kept for the case that it fails: it is no matter of the learner's. */
static int run_line(const char *line, struct err *e)
{
	autofree char *command = str_printf("{ %s\n} 2>&1", line);
	char said[512];
	FILE *p = popen(command, "re");
	if (!p)
		return err_sys(e, errno, _("prepare the step"));
	size_t n = 0, got;
	while ((got = fread(said + n, 1, sizeof(said) - 1 - n, p)) > 0)
		n = n + got < sizeof(said) - 1 ? n + got : 0;	/* its last words will do */
	said[n] = '\0';
	int status = pclose(p);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	said[strcspn(said, "\n")] = '\0';
	return err_set(e, EIO, _("prepare the step: %s"), said);
}

static void set_variables(const struct course *s, const struct lab *l)
{
	const char *token = s->learner.token;
	char last = token[strlen(token) - 1];
	autofree char *k = str_printf("%d", 2 + (last & 3));
	autofree char *step = str_printf("%d", l->number);
	setenv("DRYDOCK_TOKEN", token, 1);
	setenv("DRYDOCK_K", k, 1);
	setenv("DRYDOCK_STEP", step, 1);
	setenv("DRYDOCK_ACTOR", "seed", 1);
}

int seed_plant(struct course *s, const struct lab *l, struct err *e)
{
	char *made = NULL;
	if (!l->n_seed || !s->http || is_planted(s, l))
		return 0;
	autofree char *path = str_dup(getenv("PATH"));
	int r = own_docker_first(&made, e);
	set_variables(s, l);
	for (size_t i = 0; r == 0 && i < l->n_seed; i++)
		r = run_line(l->seed[i], e);
	unsetenv("DRYDOCK_ACTOR");
	unsetenv("DRYDOCK_K");
	unsetenv("DRYDOCK_TOKEN");
	if (path)
		setenv("PATH", path, 1);
	own_docker_remove(made);
	return r;
}
