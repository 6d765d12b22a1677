#include "sim/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/token.h"

struct watch {
	struct sim *sim;
	unsigned refs;		/* tasks */
	int end;		/* where a byte for each note goes in */
	uint64_t inode;
	struct watch_note *first, **last, *told;
	uint64_t id;
};

long watch_new(struct task *t)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	struct watch *w = mem_alloc(sizeof(*w));
	w->sim = t->sim;
	w->refs = 1;
	w->end = ends[1];
	w->last = &w->first;
	w->inode = token_inode(ends[0]);
	token_add(t->sim, ends[0], TOKEN_WATCH, w);
	watch_drop(t);
	t->watch = w;
	return ends[0];
}

void watch_inherit(struct task *t, const struct task *from)
{
	t->watch = from->watch;
	if (t->watch)
		t->watch->refs++;
}

void watch_note_free(struct watch_note *n)
{
	if (!n)
		return;
	free(n->exe);
	free(n->cwd);
	strv_free(n->argv);
	free(n);
}

void watch_drop(struct task *t)
{
	struct watch *w = t->watch;

	t->watch = NULL;
	if (!w || --w->refs)
		return;
	close(w->end);
	token_remove(w->sim, w->inode, w);
	watch_note_free(w->told);
	while (w->first) {
		struct watch_note *n = w->first;
		w->first = n->next;
		watch_note_free(n);
	}
	free(w);
}

static void describe(struct task *t, struct watch_note *n)
{
	struct str cwd = { 0 };

	n->pid = t->pid->n[0].nr;
	n->nspid = t->pid->n[t->pid->level].nr;
	n->tty = t->tty != NULL;
	n->uid = t->cred.uid;
	n->caps = t->cred.effective;
	n->exe = str_dup(t->exe ? t->exe : "");
	vfs_path_text(&t->view, &t->view.cwd, &cwd);
	n->cwd = str_take(&cwd);
	n->argv = strv_dup(t->argv);
}

static void note(struct task *t, bool ended)
{
	struct watch *w = t->watch;
	struct watch_note *n = mem_alloc(sizeof(*n));

	n->ended = ended;
	describe(t, n);
	n->signal = ended ? t->exit_status & 0x7f : 0;
	n->code = ended ? n->signal ? 128 + n->signal : t->exit_status >> 8 & 0xff : 0;
	*w->last = n;
	w->last = &n->next;
	if (write(w->end, "n", 1) < 0)
		return;		/* full of news: it is readable anyway */
}

void watch_exec(struct task *t)
{
	if (t->watch)
		note(t, false);
}

void watch_exit(struct task *t)
{
	if (t->watch && !t->engine && t->program)
		note(t, true);
	watch_drop(t);
}

long watch_next(struct sim *s, int fd, struct k_notify *out)
{
	struct watch *w = token_find(s, fd, TOKEN_WATCH);
	char byte;

	if (read(fd, &byte, 1) < 0 || !w || !w->first)
		return -ENOENT;
	watch_note_free(w->told);
	w->told = w->first;
	w->first = w->told->next;
	if (!w->first)
		w->last = &w->first;
	*out = (struct k_notify){ .id = ++w->id, .pid = w->told->pid,
				  .nr = w->told->ended ? SYS_exit_group : SYS_execve };
	return 0;
}

struct watch_note *watch_take(struct sim *s, int fd)
{
	struct watch *w = token_find(s, fd, TOKEN_WATCH);
	struct watch_note *n = w ? w->told : NULL;

	if (w)
		w->told = NULL;
	return n;
}
