#include "registry/htpasswd.h"

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "image/digest.h"

#define REMEMBERED 64	/* passwords: a class */

struct user { char *name, *hash; };

struct htpasswd {
	pthread_mutex_t lock;	/* all below */
	char *path;
	struct stat seen;	/* of the file that was read */
	struct user *users;
	size_t n_users;
	char key[16];		/* of what is remembered: worth nothing outside of this process */
	char known[REMEMBERED][DIGEST_TEXT];
	size_t next;
	unsigned readings;	/* of the file: what was right before the last one may be wrong */
};

/* No password's: compared with where the name is unknown, to take as long. */
static const char nobodys[] = "$2y$05$abcdefghijklmnopqrstuuhKF09ZYWwH2zP/0fwE1X8e/Q1YNx/hO";

static void forget_users(struct user *users, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(users[i].name);
		free(users[i].hash);
	}
	free(users);
}

static bool is_bcrypt(const char *hash)
{
	return strlen(hash) == 60 && (str_starts(hash, "$2y$") || str_starts(hash, "$2b$") ||
				      str_starts(hash, "$2a$"));
}

/* text is cut up.  The errors never quote a line: it may hold a password in the clear. */
static int parse(const char *path, char *text, struct user **users, size_t *n, struct err *e)
{
	char *save = NULL;
	int number = 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "\r")] = '\0';
		number++;
		char *colon = strchr(line, ':');
		if (!*line || *line == '#')
			continue;
		if (!colon || colon == line || !is_bcrypt(colon + 1)) {
			err_set(e, EINVAL, "%s: entry %d is not NAME:BCRYPT", path, number);
			return err_hint(e, "`htpasswd -B` makes such lines; other kinds are too weak");
		}
		*users = mem_grow(*users, (*n + 1) * sizeof(**users));
		(*users)[(*n)++] = (struct user){
			.name = strndup(line, (size_t)(colon - line)), .hash = str_dup(colon + 1),
		};
	}
	return 0;
}

static int load(struct htpasswd *h, struct err *e)
{
	autostr struct str text = { 0 };
	struct user *users = NULL;
	struct stat st;
	size_t n = 0;
	if (stat(h->path, &st) < 0)
		return err_sys(e, errno, "read %s", h->path);
	int r = file_read(h->path, &text, e);
	if (r == 0)
		r = parse(h->path, text.s, &users, &n, e);
	if (r < 0) {
		forget_users(users, n);
		return r;
	}
	forget_users(h->users, h->n_users);
	h->users = users;
	h->n_users = n;
	h->seen = st;
	memset(h->known, 0, sizeof(h->known));
	h->readings++;
	return 0;
}

int htpasswd_open(const char *path, struct htpasswd **out, struct err *e)
{
	struct htpasswd *h = mem_alloc(sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
	h->path = str_dup(path);
	int r = getrandom(h->key, sizeof(h->key), 0) == sizeof(h->key) ? load(h, e)
		: err_set(e, EIO, "no random numbers");
	if (r < 0)
		htpasswd_free(h);
	else
		*out = h;
	return r;
}

void htpasswd_free(struct htpasswd *h)
{
	if (!h)
		return;
	forget_users(h->users, h->n_users);
	pthread_mutex_destroy(&h->lock);
	free(h->path);
	free(h);
}

/* A file that is being written, or gone, leaves what was read before in force. */
static void refresh(struct htpasswd *h)
{
	struct stat st;
	if (stat(h->path, &st) == 0 &&
	    (st.st_mtim.tv_sec != h->seen.st_mtim.tv_sec ||
	     st.st_mtim.tv_nsec != h->seen.st_mtim.tv_nsec || st.st_size != h->seen.st_size ||
	     st.st_ino != h->seen.st_ino))
		load(h, NULL);
}

static void fingerprint(const struct htpasswd *h, const struct str *pair, char out[DIGEST_TEXT])
{
	autosha256 struct sha256 sum = { 0 };
	sha256_begin(&sum);
	sha256_add(&sum, h->key, sizeof(h->key));
	sha256_add(&sum, pair->s, pair->len);
	sha256_end(&sum, out);
}

static bool remembered(const struct htpasswd *h, const char *mark)
{
	for (size_t i = 0; i < REMEMBERED; i++)
		if (str_eq(h->known[i], mark))
			return true;
	return false;
}

static char *hash_of(const struct htpasswd *h, const char *name)
{
	for (size_t i = 0; i < h->n_users; i++)
		if (str_eq(h->users[i].name, name))
			return str_dup(h->users[i].hash);
	return NULL;
}

static bool password_fits(const char *hash, const char *password)
{
	/* 32 KiB: too much for a connection's stack. */
	autofree struct crypt_data *data = mem_alloc(sizeof(*data));
	const char *got = crypt_r(password, hash ? hash : nobodys, data);
	bool fits = got && hash && str_eq(got, hash);
	explicit_bzero(data, sizeof(*data));
	return fits;
}

/* pair: "name:password", cut at the colon here. */
static bool check(struct htpasswd *h, struct str *pair)
{
	char mark[DIGEST_TEXT];
	char *colon = pair->len ? memchr(pair->s, ':', pair->len) : NULL;
	if (!colon || memchr(pair->s, '\0', pair->len))
		return false;
	pthread_mutex_lock(&h->lock);
	refresh(h);
	fingerprint(h, pair, mark);
	bool known = remembered(h, mark);
	*colon = '\0';
	autofree char *hash = known ? NULL : hash_of(h, pair->s);
	unsigned reading = h->readings;
	pthread_mutex_unlock(&h->lock);
	if (known)
		return true;
	if (!password_fits(hash, colon + 1))
		return false;
	pthread_mutex_lock(&h->lock);
	if (reading == h->readings)
		memcpy(h->known[h->next++ % REMEMBERED], mark, DIGEST_TEXT);
	pthread_mutex_unlock(&h->lock);
	return true;
}

bool htpasswd_allows(struct htpasswd *h, const char *authorization)
{
	autostr struct str pair = { 0 };
	if (!authorization || strncasecmp(authorization, "Basic ", 6) != 0 ||
	    base64_decode(authorization + 6, &pair) < 0)
		return false;
	bool allowed = check(h, &pair);
	if (pair.s)
		explicit_bzero(pair.s, pair.cap);
	return allowed;
}
