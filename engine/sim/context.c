#include "sim/context.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/sys.h"

#define GUARD 4096	/* below each stack: running over its end stops at once */
#define KEEP 256	/* stacks kept for the next tasks */

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
/* The sanitizer must be told of each switch, and that an abandoned stack is clean. Where
 * the caller's own stack lies, only the sanitizer knows: it says so at the first switch
 * away from there, and is told the same on the way back. */
static struct {
	const void *stack;
	size_t size;
} outside;
static int from_outside;

static void leaving(struct context *from, const struct context *to, int last)
{
	from_outside = !from->stack;
	__sanitizer_start_switch_fiber(last ? NULL : &from->fake,
				       to->stack ? to->stack : outside.stack,
				       to->stack ? SIM_STACK : outside.size);
}
static void arrived(void *fake)
{
	const void *stack;
	size_t size;

	__sanitizer_finish_switch_fiber(fake, &stack, &size);
	if (from_outside) {
		outside.stack = stack;
		outside.size = size;
	}
}
static void forget(void *stack) { __asan_unpoison_memory_region(stack, SIM_STACK); }
#else
static void leaving(struct context *from, const struct context *to, int last) {}
static void arrived(void *fake) {}
static void forget(void *stack) {}
#endif

void *stack_take(struct stack_pool *p)
{
	void *stack = p->free;

	if (stack) {
		p->free = *(void **)stack;
		p->n_free--;
		return stack;
	}
	char *at = mmap(NULL, SIM_STACK + GUARD, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	mprotect(at, GUARD, PROT_NONE);
	return at + GUARD;
}

static void unmap(void *stack) { munmap((char *)stack - GUARD, SIM_STACK + GUARD); }

void stack_give(struct stack_pool *p, void *stack)
{
	forget(stack);
	if (p->n_free == KEEP) {
		unmap(stack);
		return;
	}
	*(void **)stack = p->free;
	p->free = stack;
	p->n_free++;
}

void stack_pool_free(struct stack_pool *p)
{
	while (p->free) {
		void *next = *(void **)p->free;
		unmap(p->free);
		p->free = next;
	}
	p->n_free = 0;
}

void context_entered(void) { arrived(NULL); }

#ifdef SIM_UCONTEXT

static void enter(unsigned lo, unsigned hi, unsigned alo, unsigned ahi)
{
	void (*fn)(void *) = (void (*)(void *))((uintptr_t)lo | (uintptr_t)hi << 16 << 16);

	fn((void *)((uintptr_t)alo | (uintptr_t)ahi << 16 << 16));
}

void context_make(struct context *c, void *stack, void (*fn)(void *arg), void *arg)
{
	uintptr_t f = (uintptr_t)fn, a = (uintptr_t)arg;

	forget(stack);
	getcontext(&c->uc);
	c->stack = stack;
	c->uc.uc_stack.ss_sp = stack;
	c->uc.uc_stack.ss_size = SIM_STACK;
	c->uc.uc_link = NULL;
	makecontext(&c->uc, (void (*)(void))enter, 4, (unsigned)f, (unsigned)(f >> 16 >> 16),
		    (unsigned)a, (unsigned)(a >> 16 >> 16));
}

void context_switch(struct context *from, struct context *to, int last)
{
	leaving(from, to, last);
	swapcontext(&from->uc, &to->uc);
	arrived(from->fake);
}

#else

/* sim_switch(&from->sp, to->sp): what a function must leave as it was (psABI) goes onto
 * the stack, the stack pointer is exchanged, and the other's come back from there. */
void sim_switch(void **save, void *to);
void sim_first(void);

#ifdef __x86_64__
__asm__(".text\n"
	".globl sim_switch\n.hidden sim_switch\n.type sim_switch,@function\n"
	"sim_switch:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n"
	"	push %r14\n	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n"
	"	pop %rbx\n	pop %rbp\n"
	"	ret\n"
	".globl sim_first\n.hidden sim_first\n.type sim_first,@function\n"
	"sim_first:\n"		/* r12: function, r13: its argument */
	"	mov %r13, %rdi\n"
	"	call *%r12\n"
	"	ud2\n");
enum { SAVED = 7, AT_FN = 3, AT_ARG = 2, AT_RETURN = 6 };	/* r15 r14 r13 r12 rbx rbp ret */
#else
__asm__(".text\n"
	".globl sim_switch\n.hidden sim_switch\n.type sim_switch,%function\n"
	"sim_switch:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp]\n	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n	str x9, [x0]\n	mov sp, x1\n"
	"	ldp x19, x20, [sp]\n	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n	ret\n"
	".globl sim_first\n.hidden sim_first\n.type sim_first,%function\n"
	"sim_first:\n"		/* x19: function, x20: its argument */
	"	mov x0, x20\n	blr x19\n	brk #1\n");
enum { SAVED = 20, AT_FN = 0, AT_ARG = 1, AT_RETURN = 11 };
#endif

void context_make(struct context *c, void *stack, void (*fn)(void *arg), void *arg)
{
	void **top = (void **)((char *)stack + SIM_STACK - 16) - SAVED;	/* 16: aligned */

	forget(stack);
	memset(top, 0, SAVED * sizeof(*top));
	top[AT_FN] = (void *)fn;
	top[AT_ARG] = arg;
	top[AT_RETURN] = (void *)sim_first;
	c->stack = stack;
	c->sp = top;
}

void context_switch(struct context *from, struct context *to, int last)
{
	leaving(from, to, last);
	sim_switch(&from->sp, to->sp);
	arrived(from->fake);
}

#endif
