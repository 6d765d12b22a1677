/* step_run.c - RUN: a container, whose writable layer becomes the image's.
 *
 * Its output comes the way an attached client gets it: over a socket, in frames
 * that say which stream they are from.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "build/job.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/idmap.h"
#include "core/json.h"
#include "core/str.h"
#include "image/config_change.h"
#include "image/store.h"

#define PIPES "/dev/pipes"	/* where a script given as a here-document lies, as BuildKit has it */

struct run {
	struct job *j;
	struct container *c;
	char **argv;		/* what is run */
	char **saved;		/* what the history keeps: with the build arguments before it */
	char **env;		/* of the build arguments */
	char *script;		/* a file of ours that becomes /dev/pipes/NAME; NULL: none */
	const char *script_name;
};

/* ---- the command ---------------------------------------------------------------------- */

/* The lines of the here-documents behind the command, for its shell to read. */
static char *with_heredocs(const struct node *n, const char *command)
{
	struct str text = { 0 };
	str_add(&text, command);
	for (size_t i = 0; i < n->n_heredoc; i++)
		str_addf(&text, "\n%s%s", n->heredoc[i].content, n->heredoc[i].name);
	if (n->n_heredoc)
		str_add(&text, "\n");
	return str_take(&text);
}

/* `RUN <<EOF` and nothing else: the text is the script itself; with #! at its
 * beginning, a program. */
static int script_alone(struct run *r, const struct node *n, struct err *e)
{
	autofree char *text = heredoc_text(&n->heredoc[0]);
	if (!str_starts(text, "#!")) {
		r->argv = image_config_shell(r->j->config, text);
		return 0;
	}
	autofree char *inside = str_printf(PIPES "/%s", n->heredoc[0].name);
	r->argv = strv_dup(NULL);
	strv_add(&r->argv, inside);
	r->script_name = n->heredoc[0].name;
	r->script = store_tmp_path(r->j->o->images, "script");
	autofd int fd = open(r->script, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (fd < 0)
		return err_sys(e, errno, "keep the script of RUN");
	int w = write_all(fd, text, strlen(text));
	if (w == 0 && fchmod(fd, 0755) < 0)
		w = -errno;
	if (w == 0)
		w = idmap_give(fd, "");
	return w < 0 ? err_sys(e, -w, "keep the script of RUN") : 0;
}

static bool is_script_alone(const struct node *n)
{
	return n->n_heredoc == 1 && n->next && !n->next->next && str_starts(n->next->value, "<<") &&
	       !strpbrk(text_skip_space(n->next->value + 2), " \t|&;<>");
}

static int command_of(struct run *r, const struct step *s, struct err *e)
{
	if (is_script_alone(s->node))
		return script_alone(r, s->node, e);
	if (s->node->json) {
		r->argv = strv_dup(s->args);
		return 0;
	}
	autofree char *text = s->args[0] ? with_heredocs(s->node, s->args[0]) : NULL;
	r->argv = image_config_shell(r->j->config, text);
	return 0;
}

/* "|2 A=1 B=2 /bin/sh -c …": other values of the arguments make another step. */
static void saved_command(struct run *r)
{
	const cJSON *env = json_obj(r->j->config, "Env");
	char **args = args_environment(&r->j->args, env, true);
	size_t n = strv_len(args);
	r->env = args_environment(&r->j->args, env, false);
	r->saved = strv_dup(NULL);
	if (strv_len(r->env)) {
		autofree char *count = str_printf("|%zu", n);
		strv_add(&r->saved, count);
		for (size_t i = 0; args[i]; i++)
			strv_add(&r->saved, args[i]);
	}
	for (size_t i = 0; r->argv[i]; i++)
		strv_add(&r->saved, r->argv[i]);
	strv_free(args);
}

/* ---- the container ---------------------------------------------------------------------- */

static cJSON *list_of(char *const *v)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; v[i]; i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(v[i]));
	return a;
}

static cJSON *create_body(struct run *r)
{
	cJSON *body = cJSON_Duplicate(r->j->config, true), *env = json_obj(body, "Env");
	cJSON *host = r->j->o->host ? cJSON_Duplicate(r->j->o->host, true) : cJSON_CreateObject();
	char *none[] = { (char *)"", NULL }, *off[] = { (char *)"NONE", NULL };
	if (!cJSON_IsArray(env)) {
		env = cJSON_CreateArray();
		json_replace(body, "Env", env);
	}
	for (size_t i = 0; r->env[i]; i++)
		cJSON_AddItemToArray(env, cJSON_CreateString(r->env[i]));
	if (json_obj(body, "Healthcheck")) {
		cJSON *health = cJSON_CreateObject();
		json_put(health, "Test", list_of(off));
		json_replace(body, "Healthcheck", health);
	}
	json_replace(body, "Cmd", list_of(r->argv));
	json_replace(body, "Entrypoint", list_of(none));
	json_replace(body, "Image", cJSON_CreateString(job_image(r->j)));
	json_put_bool(body, "AttachStdout", true);
	json_put_bool(body, "AttachStderr", true);
	cJSON_DeleteItemFromObjectCaseSensitive(body, "OnBuild");
	cJSON_DeleteItemFromObjectCaseSensitive(body, "Volumes");	/* what is written stays */
	if (r->script) {
		autofree char *bind = str_printf("%s:" PIPES "/%s:ro", r->script, r->script_name);
		char *binds[] = { bind, NULL };
		json_put(host, "Binds", list_of(binds));
	}
	json_replace(body, "HostConfig", host);
	return body;
}

static int create(struct run *r, struct err *e)
{
	autojson cJSON *body = create_body(r);
	char **warnings = strv_dup(NULL);
	int n = container_create(r->j->o->containers, &r->j->o->by, NULL, body, &r->c, &warnings, e);
	for (size_t i = 0; n == 0 && warnings[i]; i++)
		job_say(r->j, " ---> [Warning] %s\n", warnings[i]);
	strv_free(warnings);
	if (n < 0)
		return n;
	strv_add(&r->j->containers, r->c->id);
	job_say(r->j, " ---> Running in %.12s\n", r->c->id);
	return 0;
}

/* ---- its output --------------------------------------------------------------------------- */

/* What goes to standard error is red, as docker has it. */
static void say_piece(struct run *r, bool is_err, const char *data, size_t n)
{
	if (is_err)
		job_say(r->j, "\033[91m");
	r->j->o->say(r->j->o->arg, data, n);
	if (is_err)
		job_say(r->j, "\033[0m");
}

/* Docker's frames: eight bytes, the first says which stream, the last four how long. */
struct frames { unsigned char head[8]; size_t have; uint32_t left; };

static void take_frames(struct run *r, struct frames *f, const char *data, size_t n)
{
	while (n) {
		if (!f->left) {
			f->head[f->have++] = (unsigned char)*data++;
			n--;
			if (f->have == sizeof(f->head)) {
				f->left = (uint32_t)f->head[4] << 24 | (uint32_t)f->head[5] << 16 |
					  (uint32_t)f->head[6] << 8 | f->head[7];
				f->have = 0;
			}
			continue;
		}
		size_t piece = n < f->left ? n : f->left;
		say_piece(r, f->head[0] == 2, data, piece);
		f->left -= (uint32_t)piece;
		data += piece;
		n -= piece;
	}
}

static bool asked_to_stop(void *job) { return job_cancelled(job); }

/* Until the container's side closes; a client that leaves ends the container. */
static void listen_to(struct run *r, int fd)
{
	struct frames f = { .have = 0 };
	char buf[16384];
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, 200) == 0) {
			if (job_cancelled(r->j))
				return;
			continue;
		}
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n > 0)
			take_frames(r, &f, buf, (size_t)n);
	}
}

static int attach(struct run *r, int *fd, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "attach to the step's container");
	struct attach_options o = { .fd = pair[1], .out = true, .err = true };
	*fd = pair[0];
	return container_attach(r->c, &r->j->o->by, &o, e);
}

static int carry_out(struct run *r, int *code, struct err *e)
{
	struct wait w;
	autofd int fd = -1;
	int n = attach(r, &fd, e);
	if (n < 0)
		return n;
	if ((n = container_in_build(r->c, e)) < 0)
		return n;
	container_wait_begin(r->c, WAIT_NEXT_EXIT, &w);
	if ((n = container_start(r->c, &r->j->o->by, e)) < 0)
		return n;
	listen_to(r, fd);
	if (job_cancelled(r->j))
		container_kill(r->c, &r->j->o->by, "KILL", NULL);
	n = container_wait(&w, asked_to_stop, r->j, code);
	return n < 0 ? err_set(e, ECANCELED, "build cancelled") : 0;
}

/* ---- what is left of it ---------------------------------------------------------------------- */

static int keep(struct run *r, struct err *e)
{
	autofree char *upper = container_path(r->c, "upper");
	return job_commit(r->j, r->saved, dir_is_empty(upper) ? NULL : upper, e);
}

static int failed(struct run *r, int code, struct err *e)
{
	autostr struct str shown = { 0 };
	for (size_t i = 0; r->argv[i]; i++)
		str_addf(&shown, "%s%s", i ? " " : "", r->argv[i]);
	r->j->code = code;
	return err_set(e, EIO, "The command '%s' returned a non-zero code: %d", shown.s, code);
}

static int run_new(struct run *r, struct err *e)
{
	int code = 0, n;
	if (!r->j->top) {
		err_set(e, ENOENT, "exec: \"%s\": stat %s: no such file or directory", r->argv[0],
			r->argv[0]);
		return err_hint(e, "FROM scratch has no files yet, so no program that RUN could start");
	}
	if ((n = create(r, e)) < 0 || (n = carry_out(r, &code, e)) < 0)
		return n;
	return code ? failed(r, code, e) : keep(r, e);
}

static void run_end(struct run *r)
{
	if (r->c)
		container_put(r->c);
	if (r->script)
		unlink(r->script);
	free(r->script);
	strv_free(r->argv);
	strv_free(r->saved);
	strv_free(r->env);
}

int step_run(struct job *j, const struct step *s, struct err *e)
{
	__attribute__((cleanup(run_end))) struct run r = { .j = j };
	if (s->node->flags && s->node->flags[0])
		return err_set(e, EINVAL, "the --%.*s option requires BuildKit. Refer to "
			       "https://docs.docker.com/go/buildkit/ to learn how to build images with "
			       "BuildKit enabled", (int)strcspn(s->node->flags[0] + 2, "="),
			       s->node->flags[0] + 2);
	int n = command_of(&r, s, e);
	if (n < 0)
		return n;
	saved_command(&r);
	n = job_probe(j, r.saved, e);
	return n < 0 ? n : n == 1 ? 0 : run_new(&r, e);
}

void job_remove_containers(struct job *j)
{
	for (size_t i = 0; j->containers && j->containers[i]; i++) {
		autocontainer struct container *c = NULL;
		struct err e = { 0 };
		if (containers_get(j->o->containers, j->containers[i], &c, NULL) < 0)
			continue;
		if (container_remove(c, &j->o->by, true, true, &e) < 0)
			job_say(j, "Removing intermediate container %.12s: %s\n", c->id, e.what);
		else
			job_say(j, " ---> Removed intermediate container %.12s\n", c->id);
	}
	strv_free(j->containers);
	j->containers = NULL;
}
