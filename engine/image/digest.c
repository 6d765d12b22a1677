#include "image/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

void sha256_begin(struct sha256 *h)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	/* libcrypto without SHA-256, or without memory: nothing here works then. */
	if (!c || !EVP_DigestInit_ex(c, EVP_sha256(), NULL))
		abort();
	h->ctx = c;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	EVP_DigestUpdate(h->ctx, data, len);
}

void sha256_drop(struct sha256 *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void sha256_end(struct sha256 *h, char out[DIGEST_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[32];
	char *p = out + PREFIX_LEN;

	EVP_DigestFinal_ex(h->ctx, sum, NULL);
	sha256_drop(h);
	memcpy(out, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < sizeof(sum); i++) {
		*p++ = hex[sum[i] >> 4];
		*p++ = hex[sum[i] & 15];
	}
	*p = '\0';
}

void digest_of(const void *data, size_t len, char out[DIGEST_TEXT])
{
	struct sha256 h;
	sha256_begin(&h);
	sha256_add(&h, data, len);
	sha256_end(&h, out);
}

int digest_of_file(const char *path, char out[DIGEST_TEXT], struct err *e)
{
	const size_t cap = 256 << 10;
	autofree char *buf = mem_alloc(cap);
	autosha256 struct sha256 h = { 0 };
	ssize_t n;

	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "read %s", path);
	sha256_begin(&h);
	while ((n = read(fd, buf, cap)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read %s", path);
		sha256_add(&h, buf, (size_t)n);
	}
	sha256_end(&h, out);
	return 0;
}

bool digest_ok(const char *text)
{
	return text && strncmp(text, PREFIX, PREFIX_LEN) == 0 &&
	       strlen(text) == DIGEST_TEXT - 1 &&
	       strspn(text + PREFIX_LEN, "0123456789abcdef") == 64;
}

const char *digest_hex(const char *digest) { return digest + PREFIX_LEN; }
