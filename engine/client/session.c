/* session.c - see session.h. */
#include "client/session.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"

static void attach_path(const struct session *s, struct str *path)
{
	if (s->exec) {
		url_path(path, "/exec/", s->id, "/start");
		return;
	}
	url_path(path, "/containers/", s->id, "/attach");
	url_add(path, "stream", "1");
	url_flag(path, "stdin", s->in);
	url_flag(path, "stdout", s->out);
	url_flag(path, "stderr", s->err);
	url_add(path, "detachKeys", s->detach_keys);
}

int session_attach(struct session *s, const cJSON *body, struct err *e)
{
	autostr struct str path = { 0 };
	struct http *h;
	int r = command_http(s->c, &h, e);

	if (r)
		return r;
	attach_path(s, &path);
	r = http_hijack(h, "POST", path.s, body, &s->stream.fd, &s->stream.early, e);
	if (r) {
		s->stream.fd = -1;
		return r;
	}
	s->stream.tty = s->tty;
	s->stream.in = s->in;
	s->stream.detach_keys = s->detach_keys;
	return 0;
}

int session_wait(struct session *s, const char *condition, struct err *e)
{
	autostr struct str path = { 0 };
	int r = command_http_new(s->c, &s->wait, e);

	if (r)
		return r;
	url_path(&path, "/containers/", s->id, "/wait");
	url_add(&path, "condition", condition);
	r = http_begin(s->wait, "POST", path.s, NULL, e);
	if (!r)
		s->stream.wait = s->wait;
	return r;
}

static void ask(struct session *s, const char *path)
{
	struct http *h;

	if (command_http(s->c, &h, NULL) == 0)
		http_call(h, "POST", path, NULL, NULL, NULL);
}

/* Tells the size of our screen, so many rows and columns larger than it is. */
static void tell_size(struct session *s, unsigned more)
{
	autostr struct str path = { 0 };
	unsigned rows, cols;

	if (!s->tty || !terminal_size(&rows, &cols))
		return;
	url_path(&path, s->exec ? "/exec/" : "/containers/", s->id, "/resize");
	url_int(&path, "h", rows + more);
	url_int(&path, "w", cols + more);
	ask(s, path.s);
}

void session_resize(struct session *s)
{
	tell_size(s, 0);
}

void session_redraw(struct session *s)
{
	tell_size(s, 1);
	tell_size(s, 0);
}

int session_ended(const struct session *s, struct err *e)
{
	return s->stream.detached ? err_set(e, ECANCELED, "read escape sequence") : 0;
}

void session_console(const struct session *s, cJSON *body)
{
	unsigned rows, cols;

	if (!s->tty || !terminal_size(&rows, &cols))
		return;
	cJSON *size = cJSON_AddArrayToObject(body, "ConsoleSize");
	cJSON_AddItemToArray(size, cJSON_CreateNumber(rows));
	cJSON_AddItemToArray(size, cJSON_CreateNumber(cols));
}

static bool on_signal(void *arg, int sig)
{
	struct session *s = arg;
	autostr struct str path = { 0 };

	if (sig == SIGWINCH) {
		session_resize(s);
		return true;
	}
	if (!s->sig_proxy || s->tty || s->exec)
		return false;
	url_path(&path, "/containers/", s->id, "/kill");
	url_add(&path, "signal", terminal_signal_name(sig));
	ask(s, path.s);
	return true;
}

static int exit_code(struct session *s, struct err *e)
{
	struct http_answer a = { 0 };
	int r;

	if (!s->wait)
		return 0;
	r = http_finish(s->wait, &a, e);
	if (r)
		return r;
	const char *why = json_str(json_obj(a.json, "Error"), "Message");
	r = why && *why ? err_http(e, 500, EIO, "%s", why)
			: (int)json_int(a.json, "StatusCode", 0);
	http_answer_free(&a);
	return r;
}

int session_run(struct session *s, struct err *e)
{
	int r;

	s->stream.on_signal = on_signal;
	s->stream.arg = s;
	if (s->tty && s->in)
		terminal_raw(&s->terminal);
	r = stream_run(&s->stream, &s->terminal, e);
	if (r)
		return r;
	if (s->stream.detached)
		return 0;
	return s->stream.signal ? 128 + s->stream.signal : exit_code(s, e);
}

void session_end(struct session *s)
{
	if (s->stream.fd >= 0)
		close(s->stream.fd);
	s->stream.fd = -1;
	str_free(&s->stream.early);
	terminal_end(&s->terminal);
	http_close(s->wait);
	s->wait = NULL;
}
