#include "labs/course.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/http_connect.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/proof_state.h"
#include "labs/vocabulary.h"

static bool ask_port_free(void *arg, int port)
{
	struct course *s = arg;
	struct http_answer a = { 0 };
	struct err e = { 0 };
	autofree char *path = str_printf("/drydock/port/%d", port);
	/* An engine that cannot say (another Docker) leaves it to the journal. */
	bool is_free = !s->grader || http_call(s->grader, "GET", path, NULL, &a, &e) < 0 ||
		       json_bool(a.json, "free");
	http_answer_free(&a);
	return is_free;
}

static const char *ask_constant(void *arg, const char *name)
{
	return learner_constant(&((struct course *)arg)->learner, name);
}

static const char *default_learner(void)
{
	const char *env = getenv("DRYDOCK_LEARNER");
	if (env && *env)
		return env;
	const struct passwd *pw = getpwuid(getuid());
	return pw ? pw->pw_name : "student";
}

int course_open(struct course *s, const char *learner, const char *host, struct err *e)
{
	*s = (struct course){ .facts = facts_new() };
	s->world = (struct world){ ask_port_free, ask_constant, s };
	s->host = host ? str_dup(host) : http_default_host();
	learner_set(&s->learner, learner ? learner : default_learner());
	int r = labs_load(NULL, &s->labs, e);
	if (r < 0)
		course_close(s);
	return r;
}

static void disconnect(struct course *s)
{
	http_close(s->http);
	http_close(s->grader);
	s->http = s->grader = NULL;
}

void course_close(struct course *s)
{
	disconnect(s);
	labs_free(&s->labs);
	facts_free(s->facts);
	free(s->learner.id);
	free(s->host);
	free(s->backend);
	*s = (struct course){ 0 };
}

int course_connect(struct course *s, struct err *e)
{
	struct http_answer a = { 0 };
	disconnect(s);
	int r = http_open(s->host, &s->http, e);
	if (r == 0)
		r = http_call(s->http, "GET", "/drydock/info", NULL, &a, e);
	if (r == 0) {
		free(s->backend);
		s->backend = str_dup(json_str_or(a.json, "backend", ""));
		s->images = *json_str_or(a.json, "course_registry", "");
		r = http_open(s->host, &s->grader, e);
	}
	http_answer_free(&a);
	if (r < 0) {
		disconnect(s);
		return r;
	}
	http_header(s->grader, "X-Drydock-Actor", "grader");
	http_header(s->http, "X-Drydock-Session", s->learner.id);
	setenv("DRYDOCK_SESSION", s->learner.id, 1);
	/* For `drydock lab …` typed inside of the shell. */
	setenv("DRYDOCK_LEARNER", s->learner.id, 1);
	setenv("DOCKER_HOST", s->host, 1);
	return 0;
}

/* The journal of another learner on the same engine is not ours.  Only images are
 * everybody's: who fetched one does not matter to a container made from it, but
 * the fetching earns nothing. */
static int add_line(void *arg, cJSON *line)
{
	struct course *s = arg;
	const char *owner = json_str_or(line, "session", "");
	bool ours = !*owner || str_eq(owner, s->learner.id);
	struct err e;
	if (!ours && !str_starts(json_str_or(line, "type", ""), "image."))
		return 0;
	cJSON *copy = cJSON_Duplicate(line, true);
	if (!ours)
		cJSON_SetValuestring(json_obj(copy, "actor"), "engine");
	return facts_add(s->facts, copy, &e) < 0;
}

int course_refresh(struct course *s, struct err *e)
{
	if (!s->http)
		return err_set(e, ENOTCONN, _("no engine is running"));
	autofree char *path = str_printf("/drydock/facts?since=%lld",
					 (long long)facts_last_seq(s->facts));
	return http_lines(s->http, "GET", path, NULL, add_line, s, e);
}

void course_label(struct course *s, int step)
{
	autofree char *text = step ? str_printf("%d", step) : str_dup("");
	struct http_answer a = { 0 };
	cJSON *body = cJSON_CreateObject();
	json_put_str(body, "session", s->learner.id);
	json_put_str(body, "step", text);
	setenv("DRYDOCK_STEP", text, 1);
	if (s->http) {
		http_header(s->http, "X-Drydock-Step", text);
		http_call(s->http, "PUT", "/drydock/context", body, &a, NULL);
	}
	http_answer_free(&a);
	cJSON_Delete(body);
}

int course_post(struct course *s, const char *type, int step, cJSON *data, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct http_answer a = { 0 };
	json_put_str(body, "type", type);
	if (step) {
		autofree char *text = str_printf("%d", step);
		json_put_str(body, "step", text);
	}
	json_put(body, "data", data ? data : cJSON_CreateObject());
	if (!s->http)
		return err_set(e, ENOTCONN, _("no engine is running, so nothing is written down"));
	int r = http_call(s->http, "POST", "/drydock/facts", body, &a, e);
	http_answer_free(&a);
	return r;
}

int course_note(struct course *s, const char *type, int step, const char *k1, const char *v1,
		 const char *k2, const char *v2, struct err *e)
{
	cJSON *data = cJSON_CreateObject();
	if (k1)
		json_put_str(data, k1, v1);
	if (k2)
		json_put_str(data, k2, v2);
	return course_post(s, type, step, data, e);
}

void course_judge(struct course *s, const struct lab *l, struct verdict *v)
{
	verdict_judge(l, s->facts, &s->world, v);
	if (v->kind < VERDICT_DONE || progress_of(s->facts, l).closed)
		return;
	autofree char *question = closing_question(l);
	struct err e;
	if (course_note(s, "answer", l->number, "question", question, "value",
			 verdict_name(v->kind), &e) == 0)
		course_refresh(s, &e);
}

char **course_leftovers(const struct course *s, const struct lab *l)
{
	char **ids = mem_alloc(sizeof(*ids));
	struct fact_list made = facts_of(s->facts, vocabulary_find("ctr.create"), NULL);
	for (size_t i = 0; i < made.n; i++) {
		const struct fact *x = facts_at(s->facts, made.at[i]);
		const char *state = state_name(s->facts, x->cid);
		bool ours = str_eq(x->actor, "student") || str_eq(x->actor, "seed");
		if (ours && atoi(x->step) == l->number && !str_eq(state, "removed"))
			strv_add(&ids, x->cid);
	}
	return ids;
}

int course_reset(struct course *s, const struct lab *l, struct err *e)
{
	char **ids = course_leftovers(s, l);
	int r = s->grader ? 0 : err_set(e, ENOTCONN, _("no engine is running"));
	for (size_t i = 0; r == 0 && ids[i]; i++) {
		struct http_answer a = { 0 };
		autofree char *path = str_printf("/containers/%s?force=1", ids[i]);
		r = http_call(s->grader, "DELETE", path, NULL, &a, e);
		/* Gone already, by another hand: that is what was wanted. */
		if (r < 0 && e->status == 404)
			r = 0;
		http_answer_free(&a);
	}
	strv_free(ids);
	if (r < 0)
		return r;
	autofree char *step = str_printf("%d", l->number);
	r = course_note(s, "reset", l->number, "step", step, NULL, NULL, e);
	return r < 0 ? r : course_refresh(s, e);
}
