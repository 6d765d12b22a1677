#include "image_aid.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "image/config_change.h"

static char **dirs, **paths;
static pid_t owner;

static void remove_dirs(void)
{
	for (size_t i = 0; owner == getpid() && dirs && dirs[i]; i++)
		dir_remove(dirs[i], NULL);
	strv_free(dirs);
	strv_free(paths);
	dirs = paths = NULL;
}

char *aid_dir(void)
{
	const char *base = getenv("TMPDIR");
	autofree char *name = str_printf("%s/drydock-image.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(name));
	if (owner != getpid()) {
		owner = getpid();
		atexit(remove_dirs);
	}
	strv_add(&dirs, name);
	return dirs[strv_len(dirs) - 1];
}

char *aid_path(const char *dir, const char *name)
{
	autofree char *path = str_printf("%s/%s", dir, name);
	strv_add(&paths, path);
	return paths[strv_len(paths) - 1];
}

void aid_write(const char *dir, const char *name, const char *text)
{
	struct err e = { 0 };
	autofree char *path = str_printf("%s/%s", dir, name);
	ck_assert_msg(file_write_atomic(path, text, strlen(text), 0644, &e) == 0, "%s", e.what);
	/* Layers of the same files shall be the same layers, whenever they are made. */
	utimensat(AT_FDCWD, path, (const struct timespec[]){ { 1 }, { 1 } }, 0);
}

char *aid_read(const char *dir, const char *name)
{
	struct str text = { 0 };
	autofree char *path = str_printf("%s/%s", dir, name);
	if (file_read(path, &text, NULL) == 0)
		return str_take(&text);
	str_free(&text);
	return NULL;
}

bool aid_is_root(void) { return geteuid() == 0; }

char *aid_names(const char *dir)
{
	struct dirent **list;
	struct str out = { 0 };
	int n = scandir(dir, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (!str_eq(list[i]->d_name, ".") && !str_eq(list[i]->d_name, ".."))
			str_addf(&out, "%s%s", out.len ? " " : "", list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return str_take(&out);
}

/* ---- tar ------------------------------------------------------------------------- */

static void add_header(struct str *out, const struct tar_item *t, size_t size)
{
	char h[512] = { 0 };
	unsigned sum = 0, mode = t->mode ? t->mode : t->type == '5' ? 0755 : 0644;
	snprintf(h, 100, "%s", t->path);
	snprintf(h + 100, 8, "%07o", mode);
	snprintf(h + 108, 8, "%07o", t->uid);
	snprintf(h + 116, 8, "%07o", t->uid);
	snprintf(h + 124, 12, "%011zo", size);
	snprintf(h + 136, 12, "%011o", 1000000000u);
	memset(h + 148, ' ', 8);
	h[156] = t->type;
	if (strchr("12", t->type))
		snprintf(h + 157, 100, "%s", t->data);
	memcpy(h + 257, "ustar\00000", 8);
	if (t->type == '3') {
		snprintf(h + 329, 8, "%07o", 1u);
		snprintf(h + 337, 8, "%07o", 3u);
	}
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	h[155] = ' ';
	str_addn(out, h, sizeof(h));
}

void aid_tar(struct str *out, const struct tar_item *items, size_t n)
{
	static const char zeros[1024];
	for (size_t i = 0; i < n; i++) {
		size_t size = items[i].type == '0' && items[i].data ? strlen(items[i].data) : 0;
		add_header(out, &items[i], size);
		str_addn(out, items[i].data, size);
		str_addn(out, zeros, (512 - size % 512) % 512);
	}
	str_addn(out, zeros, 1024);
}

static ssize_t memory_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct memory_stream *m = (struct memory_stream *)s;
	size_t n = m->len - m->at;
	n = n < cap ? n : cap;
	n = m->piece && n > m->piece ? m->piece : n;
	memcpy(buf, m->data + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

static void memory_close(struct stream *s) { }

void memory_stream(struct memory_stream *m, const void *data, size_t len, size_t piece)
{
	*m = (struct memory_stream){ { memory_read, memory_close }, data, len, 0, piece };
}

/* ---- images ---------------------------------------------------------------------- */

struct image_store *aid_store(const char *root)
{
	struct image_store *s = NULL;
	struct err e = { 0 };
	ck_assert_msg(image_store_open(root, kernel_linux(), &s, &e) == 0, "%s", e.what);
	return s;
}

static void add_layer(struct image_store *s, cJSON *config, char *dir, const char *name)
{
	struct layer_made made;
	struct err e = { 0 };
	ck_assert_msg(layer_from_tree(s, dir, &made, &e) == 0, "%s", e.what);
	cJSON_AddItemToArray(json_obj(json_obj(config, "rootfs"), "diff_ids"),
			     cJSON_CreateString(made.diff_id));
	cJSON *row = cJSON_CreateObject();
	json_put_str(row, "created", "2024-05-01T10:00:00Z");
	json_put_str(row, "created_by", name);
	cJSON_AddItemToArray(json_obj(config, "history"), row);
}

static char *tree_of_one_file(const char *name, int n, size_t size)
{
	autofree char *text = mem_alloc(size + 1);
	char *dir = aid_dir();
	/* Not all the same letter: it should take some bytes when compressed. */
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + (i * 7 + (size_t)n + i / 11 * i / 3) % 26);
	aid_write(dir, name, text);
	return dir;
}

static cJSON *empty_config(void)
{
	cJSON *config = image_document_empty("amd64");
	json_put_str(config, "created", "2024-05-01T10:00:00Z");
	return config;
}

static struct image *create(struct image_store *s, const cJSON *config, const char *ref)
{
	struct image *img = NULL;
	struct err e = { 0 };
	ck_assert_msg(image_create(s, config, ref, &img, &e) == 0, "%s", e.what);
	return img;
}

struct image *aid_image(struct image_store *s, const char *ref, int layers, size_t size)
{
	autojson cJSON *config = empty_config();
	for (int i = 0; i < layers; i++) {
		autofree char *name = str_printf("layer%d", i);
		add_layer(s, config, tree_of_one_file(name, i, size), name);
	}
	return create(s, config, ref);
}

struct image *aid_image_of(struct image_store *s, const char *ref, char *dir)
{
	autojson cJSON *config = empty_config();
	add_layer(s, config, dir, "tree");
	return create(s, config, ref);
}
