/* overlay_compare_test.c - the simulated overlay against the kernel's own.
 * timeout: 300
 *
 * Random sequences: up to five layers are filled, an overlay is mounted over them, and
 * calls of all kinds, some of them as an ordinary user, are made on it; the same on both
 * sides.  Each call's result and errno must be the same, and in the end the merged tree
 * (type, mode, owner, size, content, extended attributes, links, times that were set) and
 * the upper layer with its whiteouts.
 *
 * The seed is printed; OVERLAY_SEED=N OVERLAY_OPS=N run others.  A sequence that differs
 * is cut down to the steps that matter, printed, and written to the folder sequences/,
 * whose files are run first from then on.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "tests/sim/operation.h"

#define LENGTH 400		/* calls in a sequence */
#define FOLDER "tests/sim/sequences"

#ifdef __SANITIZE_ADDRESS__
#define OPERATIONS 20000
#else
#define OPERATIONS 200000
#endif

struct sequence {
	unsigned layers;
	size_t n;
	struct operation *op;
};

static int tests, failed;

static void result(bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tests, what);
	failed += !ok;
}

static bool in_overlay(const struct operation *o)
{
	return *o->path == 'm';
}

/* The first difference, as text; empty: none. */
static bool differ(const char *where, struct str *kernel, struct str *sim, struct str *out)
{
	if (str_eq(kernel->s, sim->s))
		return false;
	str_addf(out, "%s\n  kernel: %s\n  sim:    %s\n", where, kernel->s, sim->s);
	return true;
}

static bool differ_in_tree(const char *path, struct str *out)
{
	autostr struct str a = { 0 }, b = { 0 };

	tree_text(&side_kernel, path, *path == 'u', &a);
	tree_text(&side_sim, path, *path == 'u', &b);
	return differ(path, &a, &b, out);
}

static bool step(const struct operation *o, struct str *out)
{
	autostr struct str a = { 0 }, b = { 0 };

	operation_run(&side_kernel, o, &a);
	operation_run(&side_sim, o, &b);
	return differ("result of the last step", &a, &b, out);
}

static bool mount_both(const struct sequence *q, struct str *out)
{
	autostr struct str a = { 0 }, b = { 0 };

	str_addf(&a, "%ld", side_kernel.mount(q->layers));
	str_addf(&b, "%ld", side_sim.mount(q->layers));
	return differ("mount", &a, &b, out);
}

/* Runs a sequence on both sides; true: they differ.  *done: steps until then. */
static bool run(const struct sequence *q, size_t *done, struct str *out)
{
	bool mounted = false, bad = false;
	size_t i = 0;

	side_kernel.begin(q->layers);
	side_sim.begin(q->layers);
	for (; i < q->n && !bad; i++) {
		if (!mounted && in_overlay(&q->op[i])) {
			bad = mount_both(q, out);
			mounted = true;
		}
		bad = bad || step(&q->op[i], out);
	}
	*done = i;
	bad = bad || (mounted && differ_in_tree("m", out)) || differ_in_tree("up", out);
	side_kernel.end();
	side_sim.end();
	return bad;
}

static struct sequence make_up(uint64_t seed, size_t length)
{
	struct sequence q = { .layers = 1 + (unsigned)(random_next(&seed) % 5) };
	size_t fill = q.layers * 20;

	q.n = fill + length;
	q.op = mem_alloc(q.n * sizeof(*q.op));
	for (size_t i = 0; i < q.n; i++) {
		char top[8] = "m";
		if (i < fill)
			snprintf(top, sizeof(top), "l%u", (unsigned)(i / 20));
		q.op[i] = operation_random(&seed, top, i < fill);
	}
	return q;
}

/* ---- cutting down ---- */

static bool still_bad(const struct sequence *q)
{
	autostr struct str out = { 0 };
	size_t done;

	return run(q, &done, &out);
}

/* Leaves out runs of steps, long ones first, as long as the sides go on differing. */
static void shrink(struct sequence *q)
{
	struct operation *kept = mem_alloc(q->n * sizeof(*kept));

	for (size_t cut = q->n / 2 ? q->n / 2 : 1; cut; cut /= 2)
		for (size_t at = 0; at < q->n;) {
			size_t n = cut < q->n - at ? cut : q->n - at;
			struct sequence less = { q->layers, q->n - n, kept };
			memcpy(kept, q->op, at * sizeof(*kept));
			memcpy(kept + at, q->op + at + n, (q->n - at - n) * sizeof(*kept));
			if (!still_bad(&less)) {
				at += cut;
				continue;
			}
			q->n = less.n;
			memcpy(q->op, kept, q->n * sizeof(*kept));
		}
	free(kept);
}

static void print(const struct sequence *q, FILE *f, const char *prefix)
{
	fprintf(f, "%slayers %u\n", prefix, q->layers);
	for (size_t i = 0; i < q->n; i++) {
		fputs(prefix, f);
		operation_print(&q->op[i], f);
	}
}

static void report(struct sequence *q, size_t done, uint64_t seed)
{
	autostr struct str out = { 0 };
	autofree char *path = str_printf(FOLDER "/overlay-%lu.txt", (unsigned long)seed);

	q->n = done;
	shrink(q);
	run(q, &done, &out);
	for (char *line = strtok(out.s, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
	print(q, stdout, "# ");
	autofile FILE *f = fopen(path, "w");
	if (f)
		print(q, f, "");
}

/* ---- the tests ---- */

static bool replay(const char *path)
{
	struct sequence q = { 0 };
	autostr struct str out = { 0 };
	char line[256];
	size_t done;
	autofile FILE *f = fopen(path, "r");

	if (!f || !fgets(line, sizeof(line), f) || sscanf(line, "layers %u", &q.layers) != 1)
		return false;
	while (fgets(line, sizeof(line), f)) {
		q.op = mem_grow(q.op, (q.n + 1) * sizeof(*q.op));
		if (!operation_parse(line, &q.op[q.n++]))
			return false;
	}
	bool bad = run(&q, &done, &out);
	if (bad)
		printf("# %s: %s\n", path, out.s);
	free(q.op);
	return !bad;
}

static void replay_all(void)
{
	bool good = true;
	autodir DIR *d = opendir(FOLDER);

	for (struct dirent *e; d && (e = readdir(d));) {
		autofree char *path = str_printf(FOLDER "/%s", e->d_name);
		if (str_starts(e->d_name, "overlay-"))
			good &= replay(path);
	}
	result(good, "sequences that once differed");
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 10) : otherwise;
}

static void random_sequences(void)
{
	unsigned long count = setting("OVERLAY_OPS", OPERATIONS);
	uint64_t first = setting("OVERLAY_SEED", (unsigned long)time(NULL));
	bool good = true;

	printf("# seed %lu, %lu calls\n", (unsigned long)first, count);
	for (uint64_t seed = first; good && (seed - first) * LENGTH < count; seed++) {
		autostr struct str out = { 0 };
		struct sequence q = make_up(seed * 0x2545f4914f6cdd1dull, LENGTH);
		size_t done;
		if (run(&q, &done, &out)) {
			printf("# sequence %lu differs\n", (unsigned long)seed);
			report(&q, done, seed);
			good = false;
		}
		free(q.op);
	}
	result(good, "random calls: results, merged tree and upper layer are the kernel's");
}

/* Whether overlays can be mounted here at all. */
static bool can_mount(void)
{
	side_kernel.begin(1);
	long r = side_kernel.mount(1);
	side_kernel.end();
	return r == 0;
}

int main(void)
{
	side_sim_prepare();	/* before /proc is out of reach */
	const char *why = side_kernel_prepare();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!why && !can_mount())
		why = "the kernel mounts no overlay here";
	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	replay_all();
	random_sequences();
	printf("1..%d\n", tests);
	return failed > 0;
}
