/* context.h - stacks, and going from one to another.
 *
 * Portable by ucontext(3), which saves the signal mask by two system calls a switch;
 * on the two processors that people have, a few instructions of our own do instead.
 * Nothing is said about floating-point modes: models don't change them.
 */
#ifndef DRYDOCK_SIM_CONTEXT_H
#define DRYDOCK_SIM_CONTEXT_H

#include <stddef.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#define SIM_UCONTEXT 1
#include <ucontext.h>
#endif

struct context {
	void *sp;
	void *stack;		/* NULL: the thread's own */
	void *fake;		/* for the address sanitizer */
#ifdef SIM_UCONTEXT
	ucontext_t uc;
#endif
};

/* Stacks of SIM_STACK bytes; those given back are kept for the next, up to a number. */
struct stack_pool { void *free; size_t n_free; };
void *stack_take(struct stack_pool *p);		/* NULL: no memory */
void stack_give(struct stack_pool *p, void *stack);
void stack_pool_free(struct stack_pool *p);

/* c will run fn(arg) on `stack` when first switched to; fn must not return. */
void context_make(struct context *c, void *stack, void (*fn)(void *arg), void *arg);
/* Saves where we are in *from, goes on in *to.  last: nobody comes back to `from`. */
void context_switch(struct context *from, struct context *to, int last);
/* The first thing that fn does on a new stack. */
void context_entered(void);

#endif
