/* image_aid.h - what the tests of images and registries share. */
#ifndef DRYDOCK_TESTS_IMAGE_AID_H
#define DRYDOCK_TESTS_IMAGE_AID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"
#include "image/image.h"
#include "image/stream.h"

char *aid_dir(void);			/* a new directory below $TMPDIR; removed at exit */
char *aid_path(const char *dir, const char *name);	/* "dir/name", kept until exit */
void aid_write(const char *dir, const char *name, const char *text);
char *aid_read(const char *dir, const char *name);	/* NULL if it isn't there */
bool aid_is_root(void);
/* Names in a directory, sorted, joined by spaces: "a b c". */
char *aid_names(const char *dir);

/* A tar as bytes, with any names one likes. */
struct tar_item {
	const char *path;
	char type;		/* '0' file, '1' hard link, '2' link, '3' char device, '5' directory */
	const char *data;	/* content, or target; NULL: "" */
	unsigned mode;		/* 0: 0644, directories 0755 */
	unsigned uid;
};
void aid_tar(struct str *out, const struct tar_item *items, size_t n);
#define AID_TAR(out, ...) aid_tar(out, (const struct tar_item[]){ __VA_ARGS__ }, \
	sizeof((const struct tar_item[]){ __VA_ARGS__ }) / sizeof(struct tar_item))

/* Bytes as a stream that gives them out in pieces of `piece` (0: all at once). */
struct memory_stream { struct stream s; const char *data; size_t len, at, piece; };
void memory_stream(struct memory_stream *m, const void *data, size_t len, size_t piece);

struct image_store *aid_store(const char *root);	/* opened, or the test fails */
/* An image of one file per layer ("layer0", …), each `size` bytes, in the store. */
struct image *aid_image(struct image_store *s, const char *ref, int layers, size_t size);
/* One of a single layer, which the directory becomes. */
struct image *aid_image_of(struct image_store *s, const char *ref, char *dir);

#endif
