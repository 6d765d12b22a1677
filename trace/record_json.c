/* Written directly, not through cJSON: a line has twenty fields, all of them
 * known, and a busy trace has ten thousand lines. */
#include "trace/record_json.h"

#include <string.h>

#include "kernel/errno.h"
#include "kernel/meta.h"
#include "trace/decode.h"
#include "trace/decorator.h"

static void add_string(struct str *out, const char *text, size_t n)
{
	str_add(out, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c < ' ')
			str_addf(out, "\\u%04x", c);
		else
			str_addn(out, text + i, 1);
	}
	str_add(out, "\"");
}

static void add_field(struct str *out, const char *name, const char *value)
{
	str_addf(out, ",\"%s\":", name);
	add_string(out, value, strlen(value));
}

static void add_args(struct str *out, const struct trace_event *ev)
{
	const struct k_meta *row = &kernel_meta[ev->op];

	str_add(out, ",\"args\":[");
	for (int i = 0; i < row->n_args; i++) {
		struct str value = { 0 };
		decode_arg(&value, ev, i);
		str_addf(out, "%s{\"name\":\"%s\",\"value\":", i ? "," : "", row->arg[i].name);
		add_string(out, value.s ? value.s : "", value.len);
		str_add(out, "}");
		str_free(&value);
	}
	str_add(out, "]");
}

/* What strace would show, as an array of lines. */
static void add_strace(struct str *out, const struct trace_event *ev)
{
	struct str lines = { 0 };
	size_t at = 0;

	decode_strace(&lines, ev);
	str_add(out, ",\"strace\":[");
	while (at < lines.len) {
		size_t n = strcspn(lines.s + at, "\n");
		str_add(out, at ? "," : "");
		add_string(out, lines.s + at, n);
		at += n + 1;
	}
	str_add(out, "]");
	str_free(&lines);
}

static void add_call(struct str *out, const struct trace_event *ev)
{
	struct str text = { 0 };

	add_field(out, "call", kernel_meta[ev->op].name);
	add_args(out, ev);
	decode_call(&text, ev);
	add_field(out, "text", text.s);
	str_free(&text);
	str_addf(out, ",\"result\":%lld", (long long)ev->result);
	add_field(out, "errno", ev->result < 0 ? errno_name((int)ev->result) : "");
	add_field(out, "why", decode_why(ev));
	add_field(out, "lesson", kernel_meta[ev->op].lesson);
	add_strace(out, ev);
}

void record_json(struct str *out, const struct trace_record *r)
{
	static const char *const kinds[] = { "call", "open", "close", "dropped" };
	const struct trace_event *ev = &r->ev;

	str_addf(out, "{\"seq\":%llu,\"kind\":\"%s\",\"start\":%llu,\"end\":%llu,\"pid\":%d",
		 (unsigned long long)r->seq, kinds[ev->kind], (unsigned long long)ev->start_ns,
		 (unsigned long long)ev->end_ns, ev->pid);
	add_field(out, "stage", trace_stage_names[ev->stage]);
	add_field(out, "container", r->container);
	add_field(out, "region", trace_region_names[ev->region]);
	if (ev->kind == EV_CALL)
		add_call(out, ev);
	else if (ev->kind == EV_DROPPED)
		str_addf(out, ",\"result\":%lld", (long long)ev->result);
	else
		add_field(out, "text", trace_region_titles[ev->region]);
	add_field(out, "backend", trace_backend_names[ev->backend]);
	str_add(out, "}");
}
