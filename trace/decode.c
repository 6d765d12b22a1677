#include "trace/decode.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel/errno.h"
#include "kernel/meta.h"
#include "trace/decorator.h"
#include "trace/flags.h"

static bool has_text(enum k_kind kind)
{
	return kind == KIND_STR || kind == KIND_PATH || kind >= KIND_STRV;
}

/* The piece of text that belongs to argument i; *cut: the event ran out of room in it. */
static const char *piece(const struct trace_event *ev, int i, bool *cut)
{
	const struct k_meta *row = &kernel_meta[ev->op];
	const char *p = ev->text, *end = ev->text + sizeof(ev->text) - 1;

	for (int n = 0; n < i; n++)
		if (has_text(row->arg[n].kind) && p < end)
			p += strlen(p) + 1;
	if (p > end)
		p = end;
	*cut = ev->truncated && p + strlen(p) == end;
	return p;
}

static void add_byte(struct str *out, unsigned char c)
{
	static const struct { char byte; const char *text; } escapes[] = {
		{ '\n', "\\n" }, { '\t', "\\t" }, { '\r', "\\r" },
		{ '"', "\\\"" }, { '\\', "\\\\" },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (escapes[i].byte == (char)c) {
			str_add(out, escapes[i].text);
			return;
		}
	str_addf(out, c < ' ' || c >= 0x7f ? "\\x%02x" : "%c", c);
}

static void add_quoted(struct str *out, const char *text, size_t n, bool cut)
{
	str_add(out, "\"");
	for (size_t i = 0; i < n; i++)
		add_byte(out, (unsigned char)text[i]);
	str_add(out, cut ? "\"..." : "\"");
}

/* ["sh", "-c", "…"], from pieces that end in \x1f. */
static void add_vector(struct str *out, const char *text, bool cut)
{
	const char *separator = "";

	str_add(out, "[");
	while (*text) {
		size_t n = strcspn(text, "\x1f");
		str_add(out, separator);
		add_quoted(out, text, n, cut && text[n] == '\0');
		text += n + (text[n] != '\0');
		separator = ", ";
	}
	str_add(out, "]");
}

/* ---- structures: capture.h says which numbers they hold ---- */

#define MAX_NUMBERS 16
typedef void format_fn(struct str *out, const char *text, const uint64_t *v, int n);

static void fmt_spawn(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_add(out, "{flags=");
	flags_add(out, "CLONE", v[0]);
	str_add(out, ", exit_signal=SIGCHLD}");
}

static void fmt_exit(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_addf(out, "{si_pid=%llu, ", (unsigned long long)v[0]);
	if (v[2]) {
		str_add(out, "si_code=CLD_KILLED, si_status=");
		flags_add(out, "SIG", v[2]);
	} else {
		str_addf(out, "si_code=CLD_EXITED, si_status=%llu", (unsigned long long)v[1]);
	}
	str_add(out, "}");
}

static void add_caps(struct str *out, const char *name, uint64_t mask)
{
	bool any = false;

	str_addf(out, "%s=", name);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (mask >> bit & 1) {
			str_add(out, any ? "|" : "");
			flags_add(out, "CAP", bit);
			any = true;
		}
	if (!any)
		str_add(out, "0");
}

static void fmt_caps(struct str *out, const char *text, const uint64_t *v, int n)
{
	add_caps(out, "{effective", v[0]);
	add_caps(out, ", permitted", v[1]);
	add_caps(out, ", inheritable", v[2]);
	str_add(out, "}");
}

static void fmt_filter(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_addf(out, "{len=%llu}", (unsigned long long)v[0]);
}

static void fmt_gids(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_add(out, "[");
	for (int i = 0; i < n; i++)
		str_addf(out, "%s%llu", i ? ", " : "", (unsigned long long)v[i]);
	str_add(out, "]");
}

static void add_limit(struct str *out, const char *name, uint64_t v)
{
	if (v == UINT64_MAX)
		str_addf(out, "%s=RLIM64_INFINITY", name);
	else
		str_addf(out, "%s=%llu", name, (unsigned long long)v);
}

static void fmt_rlimit(struct str *out, const char *text, const uint64_t *v, int n)
{
	add_limit(out, "{rlim_cur", v[0]);
	add_limit(out, ", rlim_max", v[1]);
	str_add(out, "}");
}

static void fmt_mount_attr(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_add(out, "{attr_set=");
	flags_add(out, "MOUNT_ATTR", v[0]);
	str_add(out, ", attr_clr=");
	flags_add(out, "MOUNT_ATTR", v[1]);
	str_add(out, ", propagation=");
	flags_add(out, "MS", v[2]);
	str_addf(out, ", userns_fd=%llu}", (unsigned long long)v[3]);
}

static void fmt_buf(struct str *out, const char *text, const uint64_t *v, int n)
{
	if (*text == '#')
		str_addf(out, "{%s bytes}", text + 1);
	else
		add_quoted(out, text, strcspn(text, "\x1f"), strchr(text, '\x1f') != NULL);
}

static void fmt_tty(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_addf(out, "{master=%llu, slave=%llu}", (unsigned long long)v[0],
		 (unsigned long long)v[1]);
}

/* "148 16:1541 …": the length, then each message's type and flags. */
static void fmt_nlmsg(struct str *out, const char *text, const uint64_t *v, int n)
{
	char *p;

	str_addf(out, "{len=%lu", strtoul(text, &p, 10));
	while (*p) {
		unsigned long type = strtoul(p, &p, 10);
		unsigned long flags = *p == ':' ? strtoul(p + 1, &p, 10) : 0;
		str_add(out, ", {");
		flags_add(out, "RTM", type);
		str_add(out, ", ");
		flags_add(out, "NLM", flags);
		str_add(out, "}");
	}
	str_add(out, "}");
}

static void fmt_notify(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_addf(out, "{pid=%llu, nr=%llu}", (unsigned long long)v[0], (unsigned long long)v[1]);
}

static void fmt_sockaddr(struct str *out, const char *text, const uint64_t *v, int n)
{
	str_addf(out, "{%s}", text);
}

static const struct { const char *type; format_fn *fn; int numbers; } formats[] = {
	{ "k_spawn", fmt_spawn, 1 }, { "k_exit", fmt_exit, 3 }, { "k_caps", fmt_caps, 3 },
	{ "k_filter", fmt_filter, 1 }, { "k_gids", fmt_gids, 0 }, { "k_rlimit", fmt_rlimit, 2 },
	{ "k_mount_attr", fmt_mount_attr, 4 }, { "k_buf", fmt_buf, 0 }, { "k_tty", fmt_tty, 2 },
	{ "k_nlmsg", fmt_nlmsg, 0 }, { "k_notify", fmt_notify, 2 },
	{ "sockaddr", fmt_sockaddr, 0 },
};

static int numbers(const char *text, uint64_t v[MAX_NUMBERS])
{
	int n = 0;
	char *end;

	for (; n < MAX_NUMBERS && *text; n++) {
		v[n] = strtoull(text, &end, 10);
		if (end == text)
			break;
		text = end;
	}
	return n;
}

static void add_struct(struct str *out, const char *type, const char *text, bool cut)
{
	uint64_t v[MAX_NUMBERS] = { 0 };
	int n = numbers(text, v);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].type, type) == 0 && n >= formats[i].numbers) {
			formats[i].fn(out, text, v, n);
			str_add(out, cut ? "..." : "");
			return;
		}
	str_add(out, "{...}");
}

/* ---- arguments ---- */

static void add_mode(struct str *out, int op, uint64_t mode)
{
	if (op == K_MKNOD) {
		flags_add(out, "S_IF", mode & S_IFMT);
		str_add(out, "|");
		mode &= ~(uint64_t)S_IFMT;
	}
	str_addf(out, "%#03llo", (unsigned long long)mode);
}

/* The names of a prctl option's first operand; NULL: it is a number. */
static const char *prctl_set(int64_t option)
{
	return option == PR_CAPBSET_DROP || option == PR_CAPBSET_READ ? "CAP" :
	       option == PR_CAP_AMBIENT ? "AMBIENT" :
	       option == PR_SET_PDEATHSIG ? "SIG" : NULL;
}

/* The rows' plain integers that mean more than a number. */
static void add_int(struct str *out, const struct trace_event *ev, int i)
{
	int64_t v = ev->arg[i];

	if (ev->op == K_PRCTL && i == 1 && prctl_set(ev->arg[0]))
		flags_add(out, prctl_set(ev->arg[0]), (uint64_t)v);
	else if (ev->op == K_MKNOD && i == 3)
		str_addf(out, "makedev(%#x, %#x)", major((dev_t)v), minor((dev_t)v));
	else
		str_addf(out, "%lld", (long long)v);
}

static void add_number(struct str *out, const struct trace_event *ev, int i)
{
	const struct k_arg_meta *arg = &kernel_meta[ev->op].arg[i];
	int64_t v = ev->arg[i];

	if (arg->kind == KIND_FLAGS || arg->kind == KIND_ENUM)
		flags_add(out, arg->set, (uint64_t)v);
	else if (arg->kind == KIND_SIG)
		flags_add(out, "SIG", (uint64_t)v);
	else if (arg->kind == KIND_OCT)
		add_mode(out, ev->op, (uint64_t)v);
	else if (arg->kind == KIND_FD && v == AT_FDCWD)
		str_add(out, "AT_FDCWD");
	else
		add_int(out, ev, i);
}

static void add_text(struct str *out, const struct trace_event *ev, int i)
{
	const struct k_arg_meta *arg = &kernel_meta[ev->op].arg[i];
	bool cut;
	const char *text = piece(ev, i, &cut);

	if (arg->kind == KIND_ENVV)
		str_addf(out, "/* %lld vars */", (long long)ev->arg[i]);
	else if (arg->kind == KIND_STRV)
		add_vector(out, text, cut);
	else if (!ev->arg[i])
		str_add(out, "NULL");
	else if (arg->kind == KIND_IN || arg->kind == KIND_OUT)
		add_struct(out, arg->set, text, cut);
	else
		add_quoted(out, text, strlen(text), cut);
}

void decode_arg(struct str *out, const struct trace_event *ev, int i)
{
	if (has_text(kernel_meta[ev->op].arg[i].kind))
		add_text(out, ev, i);
	else
		add_number(out, ev, i);
}

/* ---- whole calls ---- */

static const char *const templates[K_COUNT] = {
#define STRACE(op, text) [K_##op] = text,
#include "trace/strace.def"
#undef STRACE
};

static void add_row(struct str *out, const struct trace_event *ev, const char *name, size_t n)
{
	str_addn(out, name, n);
	str_add(out, "(");
	for (int i = 0; i < kernel_meta[ev->op].n_args; i++) {
		if (ev->op == K_OPEN && i == 3 && !(ev->arg[2] & O_CREAT))
			break;		/* a mode only counts for a file to be made */
		str_add(out, i ? ", " : "");
		decode_arg(out, ev, i);
	}
	str_add(out, ")");
}

static void add_template(struct str *out, const struct trace_event *ev, const char *t)
{
	bool cut;

	for (; *t; t++) {
		if (*t != '$') {
			str_addn(out, t, 1);
		} else if (*++t == 'r') {
			decode_result(out, ev);
		} else if (*t == 'l') {
			str_addf(out, "%zu", strlen(piece(ev, *++t - '1', &cut)));
		} else {
			decode_arg(out, ev, *t - '1');
		}
	}
}

/* A row of several system calls has a template that writes out their results. */
static bool several_calls(int op)
{
	return templates[op] && strstr(templates[op], ") = ");
}

void decode_call(struct str *out, const struct trace_event *ev)
{
	const struct k_meta *row = &kernel_meta[ev->op];

	if (several_calls(ev->op))
		add_row(out, ev, row->name, strlen(row->name));
	else if (templates[ev->op])
		add_template(out, ev, templates[ev->op]);
	else
		add_row(out, ev, row->syscalls, strcspn(row->syscalls, "|,"));
}

void decode_result(struct str *out, const struct trace_event *ev)
{
	if (ev->result < 0)
		str_addf(out, "-1 %s (%s)", errno_name((int)ev->result),
			 strerror((int)-ev->result));
	else
		str_addf(out, ev->op == K_UMASK ? "%#03llo" : "%lld", (long long)ev->result);
}

/* Where one of several system calls failed, the event doesn't say which: the
 * row's own name stands for them all then.  (What rtnetlink refuses, it refuses
 * in its answer: sending and receiving went well.) */
void decode_strace(struct str *out, const struct trace_event *ev)
{
	if (several_calls(ev->op) && (ev->result >= 0 || ev->op == K_RTNETLINK)) {
		add_template(out, ev, templates[ev->op]);
		return;
	}
	decode_call(out, ev);
	str_add(out, " = ");
	decode_result(out, ev);
}

const char *decode_why(const struct trace_event *ev)
{
	return ev->why && ev->why < WHY_COUNT ? trace_why_text[ev->why] : kernel_meta[ev->op].why;
}
