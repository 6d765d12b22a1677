/* template_ast.h - a parsed template, between template_parse.c and template_run.c. */
#ifndef DRYDOCK_CLIENT_TEMPLATE_AST_H
#define DRYDOCK_CLIENT_TEMPLATE_AST_H

#include "client/template.h"

enum t_arg_kind { T_FIELD, T_VARIABLE, T_LITERAL, T_FUNCTION, T_PIPE };

/* One word of a command.  fields: the .A.B that follow it. */
struct t_arg {
	enum t_arg_kind kind;
	char *name;		/* of a variable (without $) or function */
	char **fields;
	cJSON *literal;
	struct t_pipe *pipe;	/* T_PIPE: what was in parentheses */
	size_t at, len;		/* where in the text, for errors */
	struct t_arg *next;
};

struct t_command {
	struct t_arg *args;
	struct t_command *next;
};

struct t_pipe {
	char *variable[2];	/* "$i, $v :=" or "$v :="; NULL: none */
	bool assign;		/* "=" and not ":=" */
	struct t_command *commands;
};

enum t_node_kind { T_TEXT, T_ACTION, T_IF, T_RANGE, T_WITH };

struct t_node {
	enum t_node_kind kind;
	char *text;		/* T_TEXT */
	struct t_pipe *pipe;
	struct t_node *body, *other;	/* other: else */
	struct t_node *next;
};

struct template {
	char *text;
	struct t_node *nodes;
};

/* template_funcs.c: the functions.  Results are borrowed from the arguments or
 * kept in `scrap` (an array), which lives until the run ends. */
struct t_function {
	const char *name;
	int min, max;		/* arguments; max -1: any number */
	const cJSON *(*call)(cJSON *scrap, const cJSON *const *args, int n, struct err *e);
	bool shapes;		/* changes how text looks: left out of table heads */
};
const struct t_function *t_function_find(const char *name);
const cJSON *t_keep(cJSON *scrap, cJSON *item);	/* gives the item to scrap */
bool t_truth(const cJSON *v);

#endif
