/* proof_ast.h - a formula as a tree; between proof_parse.c and proof_eval.c only. */
#ifndef DRYDOCK_LABS_PROOF_AST_H
#define DRYDOCK_LABS_PROOF_AST_H

#include "labs/proof.h"

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_PREFIX, OP_SUFFIX, OP_CONTAINS, OP_ABOVE };

enum operand_kind { OPERAND_TEXT, OPERAND_NUMBER, OPERAND_VAR, OPERAND_CONSTANT };

struct operand {
	enum operand_kind kind;
	char *text;		/* TEXT: itself; CONSTANT: its name */
	double number;
	int slot;		/* VAR: index into scope.var */
};

enum part { PART_WHOLE, PART_INDEX, PART_COUNT };

struct cond {
	char *field;
	bool header;		/* a field of the fact itself: cid, image, step … */
	enum part part;
	int index;
	enum op op;
	struct operand *operands;	/* one of these, or … */
	size_t n_operands;
	struct cond *sub;		/* … one list element with all of these */
	size_t n_sub;
};

#define MARK_NONE (-1)
#define MARK_START (-2)
#define MARK_END (-3)

struct event {
	int type;
	struct cond *conds;
	size_t n_conds;
	int as, after, before;	/* index into scope.mark, or MARK_* */
	char *by;		/* actor, "any", NULL: student */
	bool ever;		/* also before the span begins */
};

enum kind { NODE_AND, NODE_OR, NODE_NOT, NODE_ONCE, NODE_NEVER, NODE_COUNT, NODE_NOW };
enum state { STATE_CREATED, STATE_RUNNING, STATE_EXITED, STATE_PRESENT, STATE_REMOVED, STATE_FREE };

struct formula {
	enum kind kind;
	struct formula *a, *b;
	struct event *events;
	size_t n_events;
	int from, to;		/* NEVER, COUNT: marks */
	enum op op;		/* COUNT */
	double number;
	enum state state;	/* NOW */
	struct operand about;
	uint64_t vars, marks;	/* bit sets of what it speaks about, children included */
};

#endif
