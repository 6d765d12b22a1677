/* step.c - the instructions that change only the configuration, and the table of
 * all that can stand in a stage.
 *
 * Most are carried out by image/config_change.h, which `docker commit --change`
 * shares.  What is particular to a build: values may hold variables, and the
 * history says what was done in docker's words.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/job.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "image/config_change.h"

/* ---- what the history says --------------------------------------------------------- */

/* "WORD a b", or with pairs "WORD a=b c=d". */
static char *say_words(const struct step *s, bool pairs)
{
	struct str text = { 0 };
	str_add(&text, s->in->word);
	for (size_t i = 0; s->args[i]; i++)
		str_addf(&text, "%s%s", pairs && i % 2 ? "=" : " ", s->args[i]);
	return str_take(&text);
}

static char *say_list(const char *word, const cJSON *list, bool quoted)
{
	struct str text = { 0 };
	const cJSON *v;
	str_addf(&text, "%s [", word);
	cJSON_ArrayForEach(v, list) {
		str_add(&text, v == list->child ? "" : " ");
		if (quoted)
			text_quote(v->valuestring, &text);
		else
			str_add(&text, v->valuestring);
	}
	str_add(&text, "]");
	return str_take(&text);
}

/* A duration as Go prints it: "1m30s", "1.5s", "500ms". */
static void add_duration(struct str *b, const char *name, const cJSON *health)
{
	int64_t ns = json_int(health, name, 0), s = ns / 1000000000;
	str_addf(b, " %s:", name);
	if (ns && ns < 1000000000) {
		str_addf(b, "%gms", (double)ns / 1e6);
		return;
	}
	if (s >= 3600)
		str_addf(b, "%lldh", (long long)s / 3600);
	if (s >= 60)
		str_addf(b, "%lldm", (long long)s / 60 % 60);
	str_addf(b, "%.10gs", (double)(s % 60) + (double)(ns % 1000000000) / 1e9);
}

static char *say_health(const cJSON *config)
{
	static const char *const times[] = { "Interval", "Timeout", "StartPeriod", "StartInterval" };
	const cJSON *health = json_obj(config, "Healthcheck");
	struct str text = { 0 };
	autofree char *test = say_list("", json_obj(health, "Test"), false);
	str_addf(&text, "HEALTHCHECK &{Test:%s", test + 1);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		add_duration(&text, times[i], health);
	str_addf(&text, " Retries:%lld}", (long long)json_int(health, "Retries", 0));
	return str_take(&text);
}

static char *comment_of(struct job *j, const struct step *s)
{
	const char *w = s->in->word;
	if (str_eq(w, "CMD"))
		return say_list(w, json_obj(j->config, "Cmd"), true);
	if (str_eq(w, "ENTRYPOINT"))
		return say_list(w, json_obj(j->config, "Entrypoint"), true);
	if (str_eq(w, "SHELL"))
		return say_list(w, json_obj(j->config, "Shell"), false);
	if (str_eq(w, "HEALTHCHECK"))
		return say_health(j->config);
	if (str_eq(w, "VOLUME")) {
		autofree char *words = say_words(s, false);
		return str_printf("VOLUME [%s]", words + strlen("VOLUME "));
	}
	return say_words(s, str_eq(w, "ENV") || str_eq(w, "LABEL"));
}

/* ---- steps that only set something ---------------------------------------------------- */

static int commit_comment(struct job *j, const char *comment, struct err *e)
{
	char **cmd = job_nop(j, comment, true);
	int r = job_probe(j, cmd, e);
	if (r == 0)
		r = job_commit(j, cmd, NULL, e);
	strv_free(cmd);
	return r < 0 ? r : 0;
}

static void tell_old_health(struct job *j)
{
	const cJSON *test = json_obj(json_obj(j->config, "Healthcheck"), "Test");
	const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(test, 0));
	if (!first || str_eq(first, "NONE"))
		return;
	autofree char *list = say_list("", test, false);
	job_say(j, "Note: overriding previous HEALTHCHECK:%s\n", list);
}

static int step_config(struct job *j, const struct step *s, struct err *e)
{
	struct config_change c = { s->in->word, s->args, s->node->flags, s->node->json };
	if (str_eq(s->in->word, "HEALTHCHECK"))
		tell_old_health(j);
	if (str_eq(s->in->word, "STOPSIGNAL") && signal_number(s->args[0]) < 0)
		return err_set(e, EINVAL, "invalid signal: %s", s->args[0]);
	int r = image_config_change(j->config, &c, &j->cmd_set, e);
	if (r < 0)
		return r;
	autofree char *comment = comment_of(j, s);
	return commit_comment(j, comment, e);
}

static int step_maintainer(struct job *j, const struct step *s, struct err *e)
{
	free(j->author);
	j->author = str_dup(s->args[0]);
	autofree char *comment = str_printf("MAINTAINER %s", s->args[0]);
	return commit_comment(j, comment, e);
}

static int step_arg(struct job *j, const struct step *s, struct err *e)
{
	for (size_t i = 0; s->args[i]; i++) {
		autofree char *name = strndup(s->args[i], strcspn(s->args[i], "="));
		const char *eq = strchr(s->args[i], '=');
		args_add(&j->args, name, eq ? eq + 1 : NULL, false);
	}
	autofree char *comment = say_words(s, false);
	return commit_comment(j, comment, e);
}

static int step_onbuild(struct job *j, const struct step *s, struct err *e)
{
	const char *text = text_skip_space(text_skip_space(s->node->original) + strlen("ONBUILD"));
	autostr struct str all = { 0 };
	str_add(&all, text);
	for (size_t i = 0; i < s->node->n_heredoc; i++)
		str_addf(&all, "\n%s%s", s->node->heredoc[i].content, s->node->heredoc[i].name);
	char *args[] = { all.s, NULL };
	struct config_change c = { "ONBUILD", args, NULL, false };
	int r = image_config_change(j->config, &c, &j->cmd_set, e);
	autofree char *comment = str_printf("ONBUILD %s", all.s);
	return r < 0 ? r : commit_comment(j, comment, e);
}

/* ---- all steps -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	int (*run)(struct job *j, const struct step *s, struct err *e);
} runs[] = {
	{ "ADD", step_copy }, { "ARG", step_arg }, { "CMD", step_config }, { "COPY", step_copy },
	{ "ENTRYPOINT", step_config }, { "ENV", step_config }, { "EXPOSE", step_config },
	{ "HEALTHCHECK", step_config }, { "LABEL", step_config },
	{ "MAINTAINER", step_maintainer }, { "ONBUILD", step_onbuild }, { "RUN", step_run },
	{ "SHELL", step_config }, { "STOPSIGNAL", step_config }, { "USER", step_config },
	{ "VOLUME", step_config }, { "WORKDIR", step_workdir },
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int expand_one(struct job *j, const struct instruction *in, const char *word, char ***args,
		      struct err *e)
{
	struct expander x = job_expander(j);
	autofree char *one = NULL;
	char **several = NULL;
	int r = 0;
	if (in->expands == EXPAND_WORDS)
		r = expand_words(&x, word, &several, e);
	else if (in->expands == EXPAND_WORD)
		r = expand_word(&x, word, &one, e);
	for (size_t i = 0; several && several[i]; i++)
		strv_add(args, several[i]);
	strv_free(several);
	if (r == 0 && in->expands != EXPAND_WORDS)
		strv_add(args, one ? one : word);
	return r;
}

/* ENV and LABEL come as name, value and what stood between: that isn't kept. */
static int expand_args(struct job *j, struct step *s, struct err *e)
{
	bool pairs = str_eq(s->in->word, "ENV") || str_eq(s->in->word, "LABEL");
	char **written = strv_dup(NULL);
	size_t i = 0;
	int r = 0;
	for (const struct node *a = s->node->next; a; a = a->next, i++)
		if (!a->n_child && !(pairs && i % 3 == 2))
			strv_add(&written, a->value);
	if (str_eq(s->in->word, "EXPOSE"))	/* docker's order, and so the history's */
		qsort(written, strv_len(written), sizeof(*written), by_text);
	s->args = strv_dup(NULL);
	for (i = 0; written[i] && r == 0; i++)
		r = expand_one(j, s->in, written[i], &s->args, e);
	strv_free(written);
	return r;
}

int job_step(struct job *j, const struct node *n, struct err *e)
{
	struct step s = { .node = n, .in = instruction_find(n->value) };
	int r = expand_args(j, &s, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(runs); i++) {
		if (str_eq(runs[i].word, s.in->word)) {
			r = runs[i].run(j, &s, e);
			break;
		}
	}
	strv_free(s.args);
	if (j->o->force_rm || (j->o->rm && r == 0) || job_cancelled(j))
		job_remove_containers(j);
	return r;
}
