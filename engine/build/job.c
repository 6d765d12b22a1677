/* job.c - a build's images: found, named, kept.
 *
 * The cache: a step is known by its parent and by a digest of what it stands for,
 * that is its command (with the sum of the files that COPY takes) and the
 * configuration it leads to.  image/lineage.h keeps both with each image made.
 * With --cache-from, the history of the images named takes its place: they may
 * come from another machine, where nobody knows their parents.
 */
#include "build/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/str.h"
#include "image/config_change.h"
#include "image/digest.h"
#include "image/lineage.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "registry/auth.h"

void job_say(struct job *j, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->o->say(j->o->arg, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

bool job_cancelled(const struct job *j)
{
	return j->o->cancel && *j->o->cancel;
}

const char *job_image(const struct job *j)
{
	return j->top ? j->top->id : "";
}

void job_take(struct job *j, struct image *img)
{
	if (j->top)
		image_free(j->top);
	j->top = img;
	if (!img)
		return;
	const cJSON *config = json_obj(img->config, "config");
	cJSON_Delete(j->config);
	j->config = cJSON_IsObject(config) ? cJSON_Duplicate(config, true) : cJSON_CreateObject();
}

/* ---- variables --------------------------------------------------------------------- */

static const char *lookup(void *arg, const char *name)
{
	struct job *j = arg;
	const char *value = env_value(json_obj(j->config, "Env"), name);
	return value ? value : args_value(&j->args, name);
}

struct expander job_expander(struct job *j)
{
	return (struct expander){ .escape = j->file.escape, .get = lookup, .arg = j };
}

int job_expand(struct job *j, const char *word, bool heredoc, char **out, struct err *e)
{
	struct expander x = job_expander(j);
	x.skip_quotes = heredoc;
	return expand_word(&x, word, out, e);
}

/* ---- a step's name ------------------------------------------------------------------ */

char **job_nop(struct job *j, const char *comment, bool apart)
{
	autofree char *text = str_printf("#(nop) %s", apart ? "" : comment);
	char **cmd = image_config_shell(j->config, text);
	if (apart)
		strv_add(&cmd, comment);
	return cmd;
}

static char *created_by(char *const *cmd)
{
	struct str text = { 0 };
	for (size_t i = 0; cmd[i]; i++)
		str_addf(&text, "%s%s", i ? " " : "", cmd[i]);
	return str_take(&text);
}

static void name_step(struct job *j, char *const *cmd, char name[DIGEST_TEXT])
{
	autosha256 struct sha256 sum;
	autofree char *config = json_line(j->config);
	sha256_begin(&sum);
	for (size_t i = 0; cmd[i]; i++)
		sha256_add(&sum, cmd[i], strlen(cmd[i]) + 1);
	sha256_add(&sum, config, strlen(config));
	sha256_add(&sum, j->author ? j->author : "", strlen(j->author ? j->author : ""));
	sha256_end(&sum, name);
}

/* ---- the next image ------------------------------------------------------------------ */

/* The parent's document with the new configuration, one more line of history, and
 * one more layer. */
static cJSON *next_image(struct job *j, char *const *cmd, const char *diff_id)
{
	cJSON *doc = j->top ? cJSON_Duplicate(j->top->config, true) : image_document_empty(NULL);
	cJSON *row = cJSON_CreateObject();
	autofree char *by = created_by(cmd);
	char when[36];
	clock_rfc3339(clock_wall_ns(), when);
	json_put_str(row, "created", when);
	json_put_str(row, "created_by", by);
	if (j->author)
		json_put_str(row, "author", j->author);
	if (!diff_id)
		json_put_bool(row, "empty_layer", true);
	else
		cJSON_AddItemToArray(json_obj(json_obj(doc, "rootfs"), "diff_ids"),
				     cJSON_CreateString(diff_id));
	if (!cJSON_IsArray(json_obj(doc, "history")))
		json_replace(doc, "history", cJSON_CreateArray());
	cJSON_AddItemToArray(json_obj(doc, "history"), row);
	json_replace(doc, "created", cJSON_CreateString(when));
	if (j->author)
		json_replace(doc, "author", cJSON_CreateString(j->author));
	json_replace(doc, "config", cJSON_Duplicate(j->config, true));
	return doc;
}

static int keep(struct job *j, char *const *cmd, const char *diff_id, struct err *e)
{
	autojson cJSON *doc = next_image(j, cmd, diff_id);
	char name[DIGEST_TEXT];
	struct image *img;
	name_step(j, cmd, name);
	int r = image_create(j->o->images, doc, NULL, &img, e);
	if (r < 0)
		return r;
	r = image_set_parent(j->o->images, img->id, job_image(j), name, e);
	job_take(j, img);
	return r;
}

int job_commit(struct job *j, char *const *cmd, const char *layer, struct err *e)
{
	struct layer_made made;
	if (!layer)
		return keep(j, cmd, NULL, e);
	int r = layer_from_tree(j->o->images, layer, &made, e);
	j->layers += r == 0;
	return r < 0 ? r : keep(j, cmd, made.diff_id, e);
}

/* ---- the cache ------------------------------------------------------------------------ */

/* Does `of` begin with what the top consists of?  *layer: of its next step, NULL if
 * that has none. */
static bool goes_on(const struct job *j, const struct image *of, const cJSON **step,
		    const char **layer)
{
	const cJSON *mine = json_obj(j->top ? j->top->config : NULL, "history");
	const cJSON *theirs = json_obj(of->config, "history");
	int n = cJSON_GetArraySize(mine);
	size_t layers = j->top ? j->top->n_layers : 0;
	if (cJSON_GetArraySize(theirs) <= n || of->n_layers < layers)
		return false;
	for (int i = 0; i < n; i++)
		if (!str_eq(json_str(cJSON_GetArrayItem(mine, i), "created_by"),
			    json_str(cJSON_GetArrayItem(theirs, i), "created_by")))
			return false;
	for (size_t i = 0; i < layers; i++)
		if (!str_eq(of->diff_ids[i], j->top->diff_ids[i]))
			return false;
	*step = cJSON_GetArrayItem(theirs, n);
	*layer = json_bool(*step, "empty_layer") || of->n_layers == layers ? NULL : of->diff_ids[layers];
	return true;
}

static int probe_history(struct job *j, char *const *cmd, struct err *e)
{
	autofree char *by = created_by(cmd);
	for (size_t i = 0; j->o->cache_from[i]; i++) {
		autoimage struct image *img = NULL;
		const cJSON *step;
		const char *layer;
		if (image_get(j->o->images, j->o->cache_from[i], &img, NULL) < 0 ||
		    !goes_on(j, img, &step, &layer) || !str_eq(json_str(step, "created_by"), by))
			continue;
		int r = keep(j, cmd, layer, e);
		return r < 0 ? r : 1;
	}
	return 0;
}

static int probe_children(struct job *j, char *const *cmd)
{
	char name[DIGEST_TEXT];
	struct image *img;
	name_step(j, cmd, name);
	autofree char *id = image_find_child(j->o->images, job_image(j), name);
	if (!id || image_get(j->o->images, id, &img, NULL) < 0)
		return 0;
	job_take(j, img);
	return 1;
}

int job_probe(struct job *j, char *const *cmd, struct err *e)
{
	if (j->o->no_cache || j->missed)
		return 0;
	bool foreign = j->o->cache_from && j->o->cache_from[0];
	int r = foreign ? probe_history(j, cmd, e) : probe_children(j, cmd);
	if (r == 1) {
		j->hits++;
		job_say(j, " ---> Using cache\n");
	}
	j->missed = r == 0;
	return r;
}

/* ---- images by name --------------------------------------------------------------------- */

static int pull(struct job *j, const char *ref, const char *platform, struct image **out,
		struct err *e)
{
	autoreference struct reference name = { 0 };
	int r = reference_parse(ref, &name, e);
	if (r < 0)
		return r;
	autofree char *auth = auth_for(j->auths, name.domain);
	struct pull_options p = {
		.ref = ref, .platform = platform && *platform ? platform : NULL, .auth = auth,
		.mirrors = j->o->mirrors, .insecure = j->o->insecure, .progress = j->o->progress,
		.arg = j->o->arg, .cancel = j->o->cancel,
	};
	return image_pull(j->o->images, &p, out, e);
}

int job_find_image(struct job *j, const char *ref, const char *platform, struct image **out,
		   struct err *e)
{
	struct err why = { 0 };
	if (!j->o->pull && image_get(j->o->images, ref, out, &why) == 0)
		return 0;
	if (why.code && err_status(&why) != 404) {
		*e = why;
		return -why.code;
	}
	return pull(j, ref, platform && *platform ? platform : j->o->platform, out, e);
}
