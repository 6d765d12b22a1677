/* git.c - see git.h.
 *
 * Only the commit that is asked for is fetched, where the server knows how to do that (one
 * that only hands out files doesn't, and gives everything).  What a repository says may not
 * make git read this machine's files: a submodule's path is a stranger's word.
 */
#include "core/git.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

#define DEFAULT_REF "master"	/* docker's, whatever the repository's own is */

extern char **environ;

bool git_is_url(const char *text)
{
	static const char *const heads[] = { "git://", "ssh://", "git@", "github.com/" };
	autofree char *plain = strndup(text, strcspn(text, "#"));

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (str_starts(text, heads[i]))
			return true;
	return (str_starts(text, "http://") || str_starts(text, "https://")) && str_ends(plain, ".git");
}

int git_source_parse(const char *url, struct git_source *out, struct err *e)
{
	size_t n = strcspn(url, "#");
	const char *fragment = url[n] ? url + n + 1 : "";
	size_t ref = strcspn(fragment, ":");
	bool scheme = strstr(url, "://") || str_starts(url, "git@");

	if (*fragment == '-')
		return err_set(e, EINVAL, "invalid refspec: %.*s", (int)ref, fragment);
	out->remote = str_printf("%s%.*s", scheme ? "" : "https://", (int)n, url);
	out->ref = ref ? strndup(fragment, ref) : str_dup(DEFAULT_REF);
	out->folder = str_dup(fragment[ref] ? fragment + ref + 1 : "");
	return 0;
}

void git_source_free(struct git_source *s)
{
	free(s->remote);
	free(s->ref);
	free(s->folder);
	*s = (struct git_source){ 0 };
}

/* ---- running it -------------------------------------------------------------------------- */

struct clone {
	const struct git_source *source;
	const struct git_runner *runner;
	const char *dir;
	char *program;
	char **env;
	struct str said;	/* by the last run */
};

static char *find_program(void)
{
	const char *set = getenv("PATH");
	autofree char *path = str_dup(set ? set : "/usr/bin:/bin");
	char *save;

	for (char *p = strtok_r(path, ":", &save); p; p = strtok_r(NULL, ":", &save)) {
		char *file = str_printf("%s/git", p);

		if (access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

static char **environment(bool alone)
{
	/* Last: a name that is given twice counts as it was given first. */
	static const char *const ours[] = { "GIT_PROTOCOL_FROM_USER=0", NULL };
	static const char *const only[] = { "GIT_CONFIG_NOSYSTEM=1", "HOME=/dev/null",
					    "GIT_TERMINAL_PROMPT=0", NULL };
	char **env = mem_alloc(sizeof(*env));

	for (const char *const *v = ours; *v; v++)
		strv_add(&env, *v);
	for (const char *const *v = only; alone && *v; v++)
		strv_add(&env, *v);
	for (char **v = environ; *v; v++)
		if (!alone || !str_starts(*v, "HOME="))
			strv_add(&env, *v);
	return env;
}

/* git -C DIR WORD...; NULL ends words.  The exit code or -errno. */
static int git(struct clone *c, const char *const *words)
{
	const char *const before[] = { c->program, "-C", c->dir, "-c", "protocol.file.allow=never",
				       "-c", "advice.detachedHead=false", NULL };
	char **argv = mem_alloc(sizeof(*argv));

	for (const char *const *w = before; *w; w++)
		strv_add(&argv, *w);
	for (; *words; words++)
		strv_add(&argv, *words);
	str_clear(&c->said);
	int r = c->runner->run(c->runner->arg, argv, c->env, &c->said);
	strv_free(argv);
	return r;
}

#define GIT(c, ...) git(c, (const char *const[]){ __VA_ARGS__, NULL })

static int failed(struct clone *c, int r, const char *doing, struct err *e)
{
	if (r < 0)
		return err_set(e, -r, "%s: %s: %s", doing, c->program, strerror(-r));
	while (c->said.len && strchr("\r\n", c->said.s[c->said.len - 1]))
		c->said.s[--c->said.len] = '\0';
	return err_set(e, EIO, "%s: %s: exit status %d", doing, c->said.len ? c->said.s : "", r);
}

/* ---- the steps --------------------------------------------------------------------------- */

static int fetch(struct clone *c, struct err *e)
{
	const struct git_source *s = c->source;
	int r = GIT(c, "init", "-q");

	if (r)
		return failed(c, r, "failed to init repo", e);
	if ((r = GIT(c, "remote", "add", "origin", s->remote)))
		return failed(c, r, "failed add origin repo", e);
	if (GIT(c, "fetch", "-q", "--depth", "1", "origin", "--", s->ref) == 0)
		return 0;
	r = GIT(c, "fetch", "-q", "origin", "--", s->ref);	/* a server of mere files */
	return r ? failed(c, r, "error fetching", e) : 0;
}

static int check_out(struct clone *c, struct err *e)
{
	autofree char *why = NULL;
	int r = GIT(c, "checkout", "-q", c->source->ref), first = r;

	if (r) {
		why = str_dup(c->said.s ? c->said.s : "");
		r = GIT(c, "checkout", "-q", "FETCH_HEAD");
	}
	if (r) {
		str_clear(&c->said);
		str_add(&c->said, why);
		autofree char *doing = str_printf("error checking out %s", c->source->ref);
		return failed(c, first, doing, e);
	}
	r = GIT(c, "submodule", "update", "-q", "--init", "--recursive", "--depth=1");
	return r ? failed(c, r, "error initializing submodules", e) : 0;
}

static int find_folder(const struct git_source *s, const char *dir, char **out, struct err *e)
{
	autofree char *root = realpath(dir, NULL), *path = str_printf("%s/%s", dir, s->folder);
	autofree char *real = realpath(path, NULL);
	size_t n = root ? strlen(root) : 0;
	struct stat st;

	if (!real || stat(real, &st) < 0)
		return err_set(e, ENOENT, "error setting git context, %s: no such file or directory",
			       s->folder);
	if (strncmp(real, root, n) != 0 || (real[n] && real[n] != '/'))
		return err_set(e, EINVAL, "error setting git context, \"%s\" not within git root", s->folder);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "error setting git context, not a directory: %s", s->folder);
	*out = steal_ptr(real);
	return 0;
}

int git_clone(const struct git_source *s, const char *dir, const struct git_runner *runner,
	      char **context, struct err *e)
{
	struct clone c = { .source = s, .runner = runner, .dir = dir, .program = find_program() };

	if (!c.program) {
		err_set(e, ENOENT, "unable to find 'git': exec: \"git\": executable file not found in $PATH");
		return err_hint(e, "install git, or get the files otherwise and build their folder");
	}
	c.env = environment(runner->alone);
	int r = fetch(&c, e);
	r = r ? r : check_out(&c, e);
	r = r ? r : find_folder(s, dir, context, e);
	free(c.program);
	strv_free(c.env);
	str_free(&c.said);
	return r;
}
