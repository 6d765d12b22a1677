/* image_tree.c - docker images --tree: each image once, with all its names.
 *
 * Docker draws an image's platforms as branches; an image of this engine has one, as with
 * docker's classic store, so that there are none to draw.  Colours are docker's, and on a
 * terminal only, but for those of the head.
 */
#include "client/image_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/human.h"
#include "client/show.h"
#include "core/cleanup.h"
#include "core/json.h"

#define PLAIN_WIDTH 80		/* columns where there is no terminal */
#define LEAST_WIDTH 20
#define LEAST_NAME 12		/* a name's column is never narrower: others go first */
#define GAP 3

#define TITLE "\033[39m\033[1m"
#define NORMAL "\033[39m"
#define NAME "\033[34m\033[1m"
#define UNTAGGED "\033[39m\033[2m"
#define END "\033[0m"
#define INFO "\033[1m\033[106m\033[30mi\033[0m\033[0m \033[96mInfo \xe2\x86\x92 \033[0m\033[0m " \
	     "\033[38;5;0m\033[48;5;14m U \033[0m In Use "
#define INFO_PLAIN " Info ->  U In Use "
#define INFO_WIDTH 21		/* columns of INFO without its colours */

/* The columns behind the name. */
static const struct { const char *title; int width; bool right; } columns[] = {
	{ "ID", 12, false }, { "DISK USAGE", 10, true }, { "CONTENT SIZE", 12, true },
	{ "EXTRA", 5, false },
};

struct view {
	bool terminal;
	int real, width, name;	/* columns: the terminal's, those counted with, the name's */
	size_t shown;		/* of columns[], as many as there is room for */
};

static void cell(const struct view *v, const char *colour, const char *text, int width, bool right)
{
	autofree char *cut = show_ellipsis(text, (size_t)width);
	int fill = width - (int)strlen(text);	/* names are ASCII */

	printf("%*s%s%s%s%*s", right && fill > 0 ? fill : 0, "", colour, cut, *colour ? END : "",
	       !right && fill > 0 ? fill : 0, "");
}

static void fit(struct view *v, const cJSON *images)
{
	const cJSON *image, *tag;
	int widest = (int)strlen("IMAGE");

	cJSON_ArrayForEach(image, images)
		cJSON_ArrayForEach(tag, json_obj(image, "RepoTags"))
			if (cJSON_IsString(tag) && (int)strlen(tag->valuestring) > widest)
				widest = (int)strlen(tag->valuestring);
	v->name = v->width;
	for (v->shown = 0; v->shown < ARRAY_SIZE(columns); v->shown++) {
		int taken = columns[v->shown].width + GAP;

		if (v->name - taken < LEAST_NAME)
			break;
		v->name -= taken;
	}
	if (v->name > widest)
		v->name = widest;
}

static void print_head(const struct view *v)
{
	int width = v->terminal ? INFO_WIDTH : (int)strlen(INFO_PLAIN);

	printf("%*s%s\n\n", v->width > width ? v->width - width : 0, "",
	       v->terminal ? INFO : INFO_PLAIN);
	cell(v, TITLE, "IMAGE", v->name, false);
	for (size_t i = 0; i < v->shown; i++) {
		printf("%*s", GAP, "");
		cell(v, TITLE, columns[i].title, columns[i].width, columns[i].right);
	}
	putchar('\n');
}

static int longest_first(const void *a, const void *b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return (x < y) - (x > y);
}

/* All names but the last have a line of their own. */
static void print_names(const struct view *v, const cJSON *tags)
{
	char **names = mem_alloc(sizeof(*names));
	const char *colour = v->terminal ? NAME : "";
	const cJSON *tag;

	cJSON_ArrayForEach(tag, tags)
		strv_add(&names, cJSON_IsString(tag) ? tag->valuestring : "");
	size_t n = strv_len(names);
	qsort(names, n, sizeof(*names), longest_first);
	if (!n)
		cell(v, v->terminal ? UNTAGGED : "", "<untagged>", v->name, false);
	for (size_t i = 0; i + 1 < n; i++) {
		autofree char *cut = show_ellipsis(names[i], v->real ? (size_t)v->real
								    : strlen(names[i]));
		printf("%s%s%s\n", colour, cut, *colour ? END : "");
	}
	if (n)
		cell(v, colour, names[n - 1], v->name, false);
	strv_free(names);
}

static void print_image(const struct view *v, const cJSON *image)
{
	autofree char *id = show_id(json_str_or(image, "Id", ""), false);
	char size[32];
	const char *texts[] = { id, size, "0B", "" };

	human_size(size, sizeof(size), (double)json_int(image, "Size", 0), 3);
	print_names(v, json_obj(image, "RepoTags"));
	for (size_t i = 0; i < v->shown; i++) {
		printf("%*s", GAP, "");
		cell(v, v->terminal && i + 1 < ARRAY_SIZE(columns) ? NORMAL : "", texts[i], columns[i].width,
		     columns[i].right);
	}
	putchar('\n');
}

static bool dangling(const cJSON *image)
{
	return !cJSON_GetArraySize(json_obj(image, "RepoTags")) &&
	       !cJSON_GetArraySize(json_obj(image, "RepoDigests"));
}

void image_tree(const cJSON *images, bool all)
{
	struct view v = { .terminal = isatty(STDOUT_FILENO), .width = PLAIN_WIDTH };
	autojson cJSON *shown = cJSON_CreateArray();
	struct winsize w;
	const cJSON *image;

	if (v.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
		v.real = w.ws_col;
	if (v.real)
		v.width = v.real < LEAST_WIDTH ? LEAST_WIDTH : v.real;
	cJSON_ArrayForEach(image, images)
		if (all || !dangling(image))
			cJSON_AddItemReferenceToArray(shown, (cJSON *)image);
	printf("%sWARNING: This is an experimental feature. The output may change and shouldn't be "
	       "depended on.%s\n", v.terminal ? "\033[93m" : "", v.terminal ? END : "");
	fit(&v, shown);
	print_head(&v);
	cJSON_ArrayForEach(image, shown)
		print_image(&v, image);
}
