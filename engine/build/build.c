/* build.c - the order of things: check the whole file, then stage by stage, step by
 * step.  What is printed is what docker's own builder prints.
 */
#include "build/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "build/job.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"
#include "image/digest.h"
#include "image/store.h"
#include "registry/auth.h"
#include "trace/fact.h"

/* ---- facts ---------------------------------------------------------------------------- */

static void fact(struct job *j, const char *type, const char *image, cJSON *data)
{
	struct journal *journal = containers_journal(j->o->containers);
	if (journal)
		journal_add(journal, &j->o->by, type, NULL, image, data, NULL);
	else
		cJSON_Delete(data);
}

static void begin_fact(struct job *j)
{
	cJSON *d = cJSON_CreateObject();
	json_put_strv(d, "tags", j->o->tags);
	json_put_int(d, "steps", j->n_steps);
	fact(j, "build.begin", NULL, d);
}

static void step_fact(struct job *j, const char *text, int hits, int layers)
{
	cJSON *d = cJSON_CreateObject();
	json_put_int(d, "n", j->step);
	json_put_str(d, "text", text);
	json_put_bool(d, "cached", j->hits > hits);
	json_put_bool(d, "layer", j->layers > layers);
	fact(j, "build.step", job_image(j), d);
}

static void end_fact(struct job *j)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "digest", job_image(j));
	json_put_int(d, "steps", j->n_steps);
	json_put_int(d, "cached", j->hits);
	json_put_int(d, "layers", j->layers);
	fact(j, "build.end", job_image(j), d);
}

/* ---- one step --------------------------------------------------------------------------- */

static void announce(struct job *j, const char *text)
{
	autofree char *line = text_trimmed(text);
	autofree char *out = str_printf("Step %d/%d : %s\n", ++j->step, j->n_steps, line);
	j->o->say(j->o->arg, out, strlen(out));
}

static void tell_image(struct job *j)
{
	const char *id = job_image(j), *hex = strchr(id, ':');
	job_say(j, " ---> %.12s\n", hex ? hex + 1 : id);
}

static int one_step(struct job *j, const struct node *n, struct err *e)
{
	int hits = j->hits, layers = j->layers;
	if (job_cancelled(j))
		return err_set(e, ECANCELED, "Build cancelled");
	announce(j, n->original);
	int r = job_step(j, n, e);
	if (r < 0 && j->code && j->top)
		return err_hint(e, "docker run --rm -it %.12s sh shows the image as it was before this step",
				digest_hex(job_image(j)));
	if (r < 0)
		return node_hint(n, e);
	tell_image(j);
	step_fact(j, n->original, hits, layers);
	return 0;
}

/* ---- FROM -------------------------------------------------------------------------------- */

static const char *meta_lookup(void *arg, const char *name)
{
	return args_meta_value(arg, name);
}

static int expand_meta(struct job *j, const char *word, char **out, struct err *e)
{
	struct expander x = { .escape = j->file.escape, .get = meta_lookup, .arg = &j->args };
	return expand_word(&x, word, out, e);
}

static const char *stage_image(const struct job *j, const char *name)
{
	for (size_t i = 0; i < j->n_done; i++)
		if (j->done[i].name && !strcasecmp(j->done[i].name, name))
			return j->done[i].image;
	return NULL;
}

static int check_platform(const struct image *img, const char *want, struct err *e)
{
	const char *arch = json_str_or(img->config, "architecture", "");
	const char *slash = want && *want ? strchr(want, '/') : NULL;
	size_t n = slash ? strcspn(slash + 1, "/") : 0;
	if (!slash || (strlen(arch) == n && !strncmp(slash + 1, arch, n)))
		return 0;
	return err_http(e, 404, ENOENT, "image with reference %s was found but its platform (%s/%s) does "
			"not match the specified platform (%s)", img->tags[0] ? img->tags[0] : img->id,
			json_str_or(img->config, "os", "linux"), arch, want);
}

static int open_base(struct job *j, const struct stage *st, struct image **out, struct err *e)
{
	const char *flag = instruction_flag(st->from, "platform");
	autofree char *name = NULL, *platform = NULL;
	int r = expand_meta(j, st->base, &name, e);
	if (r == 0 && flag)
		r = expand_meta(j, flag, &platform, e);
	if (r < 0)
		return r;
	if (!*name)
		return err_set(e, EINVAL, "base name (%s) should not be blank", st->base);
	const char *id = stage_image(j, name);
	if (id)
		return image_get(j->o->images, id, out, e);
	if (str_eq(name, "scratch"))
		return 0;
	r = job_find_image(j, name, platform, out, e);
	const char *want = platform ? platform : j->o->platform;
	return r == 0 ? check_platform(*out, want, e) : r;
}

/* What every stage has: a PATH, and no triggers of the image it began with. */
static void begin_config(struct job *j)
{
	static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	cJSON *env = json_obj(j->config, "Env");
	if (!cJSON_IsArray(env)) {
		cJSON_DeleteItemFromObjectCaseSensitive(j->config, "Env");
		env = cJSON_CreateArray();
		json_put(j->config, "Env", env);
	}
	if (!env_value(env, "PATH"))
		cJSON_AddItemToArray(env, cJSON_CreateString(path));
	cJSON_DeleteItemFromObjectCaseSensitive(j->config, "OnBuild");
}

static int run_trigger(struct job *j, const char *text, struct err *e)
{
	autodockerfile struct dockerfile d = { 0 };
	int r = dockerfile_parse(text, strlen(text), &d, e);
	if (r == 0 && d.root->n_child != 1)
		r = err_set(e, EINVAL, "onbuild trigger should be a single expression");
	if (r == 0)
		r = instruction_check(d.root->child[0], e);
	return r < 0 ? r : job_step(j, d.root->child[0], e);
}

static int run_triggers(struct job *j, const cJSON *triggers, struct err *e)
{
	int n = cJSON_GetArraySize(triggers), r = 0;
	const cJSON *t;
	if (n)
		job_say(j, "# Executing %d build trigger%s\n", n, n > 1 ? "s" : "");
	cJSON_ArrayForEach(t, triggers)
		if (r == 0 && cJSON_IsString(t))
			r = run_trigger(j, t->valuestring, e);
	return r;
}

static int begin_stage(struct job *j, const struct stage *st, struct err *e)
{
	struct image *base = NULL;
	if (st->name && stage_image(j, st->name))
		return err_set(e, EINVAL, "%s stage name already used", st->name);
	announce(j, st->from->original);
	args_new_stage(&j->args);
	j->cmd_set = j->missed = false;
	int r = open_base(j, st, &base, e);
	if (r < 0)
		return r;
	job_take(j, NULL);
	cJSON_Delete(j->config);
	j->config = cJSON_CreateObject();
	if (base)
		job_take(j, base);
	autojson cJSON *triggers = cJSON_DetachItemFromObject(j->config, "OnBuild");
	begin_config(j);
	r = run_triggers(j, triggers, e);
	if (r == 0)
		tell_image(j);
	return r;
}

/* ---- stages --------------------------------------------------------------------------------- */

static void end_stage(struct job *j, const struct stage *st)
{
	j->done = mem_grow(j->done, (j->n_done + 1) * sizeof(*j->done));
	j->done[j->n_done++] = (struct done_stage){ str_dup(st->name), str_dup(job_image(j)) };
	if (j->top)
		j->o->made(j->o->arg, job_image(j));
}

/* --label: one more LABEL step at the end. */
static int add_labels(struct job *j, struct err *e)
{
	const cJSON *l;
	int r = 0;
	cJSON_ArrayForEach(l, j->o->labels) {
		struct node value = { .value = l->valuestring }, sep = { .value = (char *)"=" };
		struct node name = { .value = l->string, .next = &value };
		autofree char *text = str_printf("LABEL %s=%s", l->string, l->valuestring);
		struct node n = { .value = (char *)"LABEL", .next = &name, .original = text };
		value.next = &sep;
		if (r == 0 && cJSON_IsString(l))
			r = one_step(j, &n, e);
	}
	return r;
}

static int build_stage(struct job *j, const struct stage *st, bool last, struct err *e)
{
	int r = begin_stage(j, st, e);
	for (size_t i = 0; i < st->n_step && r == 0; i++)
		r = one_step(j, st->step[i], e);
	if (r == 0 && last)
		r = add_labels(j, e);
	if (r == 0)
		end_stage(j, st);
	return r;
}

/* By name, or by number; all there are without --target. */
static int count_stages(struct job *j, size_t *n, struct err *e)
{
	const char *target = j->o->target;
	char *end;
	*n = j->stages.n;
	if (!target || !*target)
		return 0;
	for (size_t i = 0; i < j->stages.n; i++)
		if (j->stages.stage[i].name && !strcasecmp(j->stages.stage[i].name, target))
			return *n = i + 1, 0;
	long at = strtol(target, &end, 10);
	if (!*end && at >= 0 && (size_t)at < j->stages.n)
		return *n = (size_t)at + 1, 0;
	return err_set(e, EINVAL, "target stage \"%s\" could not be found", target);
}

static int read_meta(struct job *j, const struct node *n, struct err *e)
{
	announce(j, n->original);
	for (const struct node *a = n->next; a; a = a->next) {
		autofree char *name = strndup(a->value, strcspn(a->value, "=")), *value = NULL;
		const char *eq = strchr(a->value, '=');
		int r = eq ? expand_meta(j, eq + 1, &value, e) : 0;
		if (r < 0)
			return r;
		args_add(&j->args, name, value, true);
	}
	return 0;
}

static int build_all(struct job *j, struct err *e)
{
	size_t n = j->n_stages;
	int r = 0;
	j->n_steps = (int)(j->stages.n_meta + n) + cJSON_GetArraySize(j->o->labels);
	for (size_t i = 0; i < n; i++)
		j->n_steps += (int)j->stages.stage[i].n_step;
	begin_fact(j);
	for (size_t i = 0; i < j->stages.n_meta && r == 0; i++)
		r = read_meta(j, j->stages.meta[i], e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = build_stage(j, &j->stages.stage[i], i + 1 == n, e);
	if (r == 0 && !j->top)
		r = err_set(e, EINVAL, "No image was generated. Is your Dockerfile empty?");
	return r;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void tell_warnings(struct job *j)
{
	for (size_t i = 0; j->file.warnings && j->file.warnings[i]; i++)
		job_say(j, "[WARNING]: %s\n", j->file.warnings[i]);
	if (j->file.warnings)
		job_say(j, "[WARNING]: Empty continuation lines will become errors in a future "
			"release.\n");
}

static int finish(struct job *j, struct err *e)
{
	autofree char *unused = args_unused(&j->args);
	const char *id = job_image(j);
	if (unused)
		job_say(j, "[Warning] One or more build-args %s were not consumed\n", unused);
	job_say(j, "Successfully built %.12s\n", id + strlen("sha256:"));
	int r = 0;
	for (size_t i = 0; j->o->tags && j->o->tags[i] && r == 0; i++) {
		r = image_tag(j->o->images, id, j->o->tags[i], e);
		if (r == 0)
			job_say(j, "Successfully tagged %s\n", j->o->tags[i]);
	}
	end_fact(j);
	return r;
}

static void job_end(struct job *j)
{
	if (j->top)
		image_free(j->top);
	json_free(&j->config);
	json_free(&j->auths);
	for (size_t i = 0; i < j->n_done; i++) {
		free(j->done[i].name);
		free(j->done[i].image);
	}
	free(j->done);
	free(j->author);
	strv_free(j->containers);
	args_free(&j->args);
	stages_free(&j->stages);
	dockerfile_free(&j->file);
}

static int job_begin(struct job *j, const struct build_options *o, struct err *e)
{
	*j = (struct job){ .o = o, .k = o->images->k };
	args_begin(&j->args, o->args);
	int r = auth_parse_all(o->auths, &j->auths, e);
	if (r < 0)
		return r;
	r = dockerfile_parse(o->text, o->len, &j->file, e);
	if (r < 0)
		return err_wrap(e, "failed to parse %s", o->name);
	if (r == 0)
		r = stages_read(&j->file, &j->stages, e);
	return r == 0 ? count_stages(j, &j->n_stages, e) : r;
}

/* In front of the hint that says which line: of which file. */
static int name_file(const struct build_options *o, struct err *e)
{
	char hint[sizeof(e->hint)];
	memcpy(hint, e->hint, sizeof(hint));
	if (!str_starts(hint, "line "))
		return -e->code;
	e->hint[0] = '\0';
	return err_hint(e, "in %s, %s", o->name, hint);
}

int build_check(const struct build_options *o, struct err *e)
{
	__attribute__((cleanup(job_end))) struct job j;
	int r = job_begin(&j, o, e);
	return r < 0 ? name_file(o, e) : 0;
}

int build_image(const struct build_options *o, struct build_result *out, struct err *e)
{
	__attribute__((cleanup(job_end))) struct job j;
	*out = (struct build_result){ .code = 0 };
	int r = job_begin(&j, o, e);
	if (r < 0)
		return r;
	tell_warnings(&j);
	r = build_all(&j, e);
	out->code = j.code;
	if (r == 0)
		r = finish(&j, e);
	if (r < 0)
		return name_file(o, e);
	snprintf(out->id, sizeof(out->id), "%s", job_image(&j));
	return 0;
}
