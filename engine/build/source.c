/* source.c - see source.h.
 *
 * A name is looked up as if the context (or the image, with --from) were "/": links
 * are followed, and none leads out.  That a link's target counts and not the link
 * is docker's way; inside a folder that is copied, links stay links.
 */
#include "build/source.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build/fetch_file.h"
#include "build/parse_line.h"
#include "image/tree.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "runtime/container_files.h"

#define DEEPEST 1000	/* folders in folders that a pattern looks into */

static struct source *add(struct sources *s, const char *path, const char *name)
{
	s->v = mem_grow(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n] = (struct source){ .path = str_dup(path), .name = str_dup(name), .mode = -1 };
	return &s->v[s->n++];
}

void sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].name);
	}
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static int sum_up(struct source *src, struct err *e)
{
	char sum[DIGEST_TEXT];
	int r = tree_sum(src->path, sum, e);
	if (r == 0)
		snprintf(src->sum, sizeof(src->sum), "%s:%s", src->is_dir ? "dir" : "file",
			 digest_hex(sum));
	return r;
}

/* ---- names in a folder -------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static int not_found(const struct sources *s, const char *name, int code, struct err *e)
{
	if (code != ENOENT && code != ENOTDIR)
		return err_sys(e, code, "stat %s", name);
	return err_set(e, ENOENT, "%sstat %s: file does not exist", s->from_image ? "" :
		       "file not found in build context or excluded by .dockerignore: ", name);
}

static int add_name(struct sources *s, const char *name, struct err *e)
{
	struct layers tree = { { s->root }, 1 };
	autofree struct layer_file *f = mem_alloc(sizeof(*f));
	int r = layers_find(&tree, *name ? name : "/", true, f);
	if (r < 0)
		return not_found(s, name, -r, e);
	autofree char *path = str_printf("%s%s", s->root, str_eq(f->path, "/") ? "" : f->path);
	struct source *src = add(s, path, base_name(name));
	src->is_dir = S_ISDIR(f->st.st_mode);
	src->unpack = s->add && S_ISREG(f->st.st_mode);
	return sum_up(src, e);
}

/* ---- patterns ------------------------------------------------------------------------ */

static bool has_wildcards(const char *name)
{
	for (; *name; name++) {
		if (*name == '\\' && name[1])
			name++;
		else if (strchr("*?[", *name))
			return true;
	}
	return false;
}

static int match_in(struct sources *s, const char *pattern, const char *rel, int depth,
		    struct err *e);

static int match_one(struct sources *s, const char *pattern, const char *rel, int depth,
		     struct err *e)
{
	struct stat st;
	autofree char *path = str_printf("%s/%s", s->root, rel);
	int r = 0;
	if (fnmatch(pattern, rel, FNM_PATHNAME) == 0)
		r = add_name(s, rel, e);
	if (r == 0 && depth > 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		r = match_in(s, pattern, rel, depth - 1, e);
	return r;
}

/* depth: how many more folders the pattern has. */
static int match_in(struct sources *s, const char *pattern, const char *rel, int depth,
		    struct err *e)
{
	autofree char *path = str_printf("%s/%s", s->root, rel);
	char **names = NULL;
	int r = tree_names(path, &names, e);
	for (size_t i = 0; r == 0 && names[i]; i++) {
		autofree char *inner = str_printf("%s%s%s", rel, *rel ? "/" : "", names[i]);
		r = match_one(s, pattern, inner, depth, e);
	}
	strv_free(names);
	return r;
}

static int count_slashes(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += *s == '/';
	return n < DEEPEST ? n : DEEPEST;
}

/* ---- one word of the instruction ------------------------------------------------------ */

static int add_local(struct sources *s, const char *word, struct err *e)
{
	if (!s->root)
		return err_set(e, EINVAL, "missing build context");
	while (*word == '/')
		word++;
	if (str_starts(word, "./"))
		word += 2;
	size_t n = strlen(word);
	while (n && word[n - 1] == '/')
		n--;
	autofree char *name = strndup(str_eq(word, ".") ? "" : word, n);
	return has_wildcards(name) ? match_in(s, name, "", count_slashes(name), e)
				   : add_name(s, name, e);
}

/* A path in a folder of its own below scratch, since two may have the same name. */
static int scratch_file(struct sources *s, const char *name, char **path, struct err *e)
{
	autofree char *dir = str_printf("%s/source-%zu", s->scratch, s->n);
	int r = dir_make(dir, 0700, e);
	if (r == 0)
		*path = str_printf("%s/%s", dir, name);
	return r;
}

static int add_url(struct sources *s, struct job *j, const struct step *step, const char *url,
		   struct err *e)
{
	const char *sum = instruction_flag(step->node, "checksum"), *dest = NULL;
	autofree char *name = NULL, *path = NULL;
	if (!s->add)
		return err_set(e, EINVAL, "source can't be a URL for COPY");
	for (size_t i = 0; step->args[i]; i++)
		dest = step->args[i];
	fetch_name(url, &name);
	if (!name && str_ends(dest, "/"))
		return err_set(e, EINVAL, "cannot determine filename for source %s", url);
	int r = scratch_file(s, name ? name : "__unnamed__", &path, e);
	if (r == 0)
		r = fetch_file(j, url, path, sum, e);
	if (r < 0)
		return r;
	job_say(j, "\n");
	add(s, path, name ? name : "__unnamed__")->mode = 0600;
	return sum_up(&s->v[s->n - 1], e);
}

/* The text of <<NAME, as a file of that name. */
static int add_heredoc(struct sources *s, struct job *j, const struct node *n, const char *name,
		       struct err *e)
{
	autofree char *path = NULL, *lines = NULL, *text = NULL;
	bool expand = false;
	for (size_t i = 0; i < n->n_heredoc && !lines; i++) {
		if (str_eq(n->heredoc[i].name, name)) {
			lines = heredoc_text(&n->heredoc[i]);
			expand = n->heredoc[i].expand;
		}
	}
	int r = lines && expand ? job_expand(j, lines, true, &text, e) : 0;
	const char *body = text ? text : lines ? lines : "";
	if (r == 0 && strchr(name, '/'))
		r = err_set(e, EINVAL, "the here-document's name can't be a path: %s", name);
	if (r == 0)
		r = scratch_file(s, name, &path, e);
	if (r == 0)
		r = file_write_atomic(path, body, strlen(body), 0644, e);
	if (r < 0)
		return r;
	add(s, path, name)->mode = 0644;
	return sum_up(&s->v[s->n - 1], e);
}

static bool is_url(const char *word)
{
	return str_starts(word, "http://") || str_starts(word, "https://");
}

static int add_word(struct sources *s, struct job *j, const struct step *step, const char *word,
		    struct err *e)
{
	struct heredoc h = { 0 };
	if (is_url(word))
		return add_url(s, j, step, word, e);
	int r = step->node->n_heredoc ? heredoc_match(word, &h, e) : 0;
	if (r == 0)
		return add_local(s, word, e);
	autofree char *name = h.name;
	return r < 0 ? r : add_heredoc(s, j, step->node, name, e);
}

int sources_find(struct sources *s, struct job *j, const struct step *step, struct err *e)
{
	/* Here-documents' names keep their quotes until here. */
	const struct node *written = step->node->next;
	int r = 0;
	for (size_t i = 0; r == 0 && step->args[i + 1]; i++, written = written->next) {
		bool heredoc = step->node->n_heredoc && str_starts(written->value, "<<");
		r = add_word(s, j, step, heredoc ? written->value : step->args[i], e);
	}
	if (r == 0 && !s->n)
		r = err_set(e, EINVAL, "no source files were specified");
	return r < 0 ? err_wrap(e, "%s failed", step->in->word) : 0;
}

char *sources_sum(const struct sources *s)
{
	autostr struct str all = { 0 };
	char sum[DIGEST_TEXT];
	if (s->n == 1)
		return str_dup(s->v[0].sum);
	for (size_t i = 0; i < s->n; i++)
		str_addf(&all, "%s%s", i ? "," : "", s->v[i].sum);
	digest_of(all.s, all.len, sum);
	return str_printf("multi:%s", digest_hex(sum));
}
