/* The search for bindings.
 *
 * A proof is a question with unknowns, so this is a small logic-program engine:
 * solving a node means "find one way to make it hold, then call what comes
 * next"; when what comes next fails, the next way is tried.  What comes next is
 * a chain of `struct next` on the stack.  A function that binds a variable
 * undoes it when it returns, whatever the outcome; what a finished goal had is
 * copied into the result at that moment.
 *
 * Cost: facts are found through the index (by type, and by container once ?c is
 * bound).  Goals that were once tried in vain with the same bindings are not
 * tried again (struct memo), which keeps the search linear in practice.
 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "labs/proof_ast.h"
#include "labs/proof_state.h"

#define MEMO_SLOTS 4093		/* a collision only costs time */

/* Bit sets of variables and marks. */
struct seen { uint64_t vars, marks; };

struct run {
	struct formula *const *goals;
	size_t n_goals;
	const struct facts *facts;
	const struct world *world;
	size_t first, limit;		/* positions of the facts that count: first <= i < limit */
	struct value var[PROOF_MAX_VARS];
	int64_t mark[PROOF_MAX_MARKS];	/* position, -1 unknown */
	uint32_t trail[PROOF_MAX_EVIDENCE];
	size_t n_trail;
	size_t goal_start[PROOF_MAX_GOALS + 1];	/* in trail */
	uint64_t later_vars[PROOF_MAX_GOALS + 1], later_marks[PROOF_MAX_GOALS + 1];
	bool solved[PROOF_MAX_GOALS];	/* since the goal was started */
	struct seen before[PROOF_MAX_GOALS];	/* what had a value when it was started */
	bool hopeless;		/* the goal that failed last never holds with what it sees */
	bool given_up;			/* solve() came back true only to leave a goal */
	uint64_t *failed;
	struct proof_result *out;
};

/* What is to be solved after the present node; true ends the search. */
struct next {
	bool (*go)(struct run *r, const struct next *n);
	const struct next *up;
	const struct formula *f;
	size_t i;			/* goal number, or event number of f */
	const struct fact *fact;
	const cJSON *object;		/* where the conditions look */
	const struct cond *conds;
	size_t n_conds;
	int64_t at;			/* position of the fact */
};

static bool solve(struct run *r, const struct formula *f, const struct next *next);
static bool match_conds(struct run *r, const struct next *m);

static bool go_true(struct run *r, const struct next *n) { return true; }

static bool holds(struct run *r, const struct formula *f)
{
	static const struct next yes = { .go = go_true };
	size_t trail = r->n_trail;
	bool held = solve(r, f, &yes);
	r->n_trail = trail;
	return held;
}

/* ---- values ---------------------------------------------------------------- */

static struct value value_of_json(const cJSON *j)
{
	if (cJSON_IsString(j))
		return (struct value){ .bound = true, .s = j->valuestring };
	if (cJSON_IsNumber(j))
		return (struct value){ .bound = true, .n = j->valuedouble };
	if (cJSON_IsBool(j))
		return (struct value){ .bound = true, .n = cJSON_IsTrue(j) };
	return (struct value){ 0 };
}

static struct value value_of_operand(const struct run *r, const struct operand *o)
{
	const char *s = o->text;
	switch (o->kind) {
	case OPERAND_NUMBER:
		return (struct value){ .bound = true, .n = o->number };
	case OPERAND_VAR:
		return r->var[o->slot];
	case OPERAND_CONSTANT:
		s = r->world && r->world->constant ? r->world->constant(r->world->arg, s) : NULL;
		break;
	case OPERAND_TEXT:
		break;
	}
	return (struct value){ .bound = s != NULL, .s = s };
}

/* A learner may type 4 where the engine wrote the number 4. */
static bool as_number(const struct value *v, double *n)
{
	char *end;
	if (!v->s) {
		*n = v->n;
		return true;
	}
	*n = strtod(v->s, &end);
	return end != v->s && !*end;
}

static bool is_parent(const char *dir, const char *path)
{
	size_t n = strlen(dir);
	while (n && dir[n - 1] == '/')
		n--;
	return strncmp(dir, path, n) == 0 && path[n] == '/';
}

static bool text_matches(enum op op, const char *a, const char *b)
{
	switch (op) {
	case OP_EQ: return strcmp(a, b) == 0;
	case OP_NE: return strcmp(a, b) != 0;
	case OP_PREFIX: return str_starts(a, b);
	case OP_SUFFIX: return str_ends(a, b);
	case OP_CONTAINS: return strstr(a, b) != NULL;
	case OP_ABOVE: return is_parent(a, b);
	default: return false;
	}
}

static bool number_matches(enum op op, double a, double b)
{
	switch (op) {
	case OP_EQ: return a == b;
	case OP_NE: return a != b;
	case OP_LT: return a < b;
	case OP_LE: return a <= b;
	case OP_GT: return a > b;
	case OP_GE: return a >= b;
	default: return false;
	}
}

static bool value_matches(enum op op, const struct value *a, const struct value *b)
{
	double x, y;
	if (!a->bound || !b->bound)
		return op == OP_NE;
	if (a->s && b->s && (op < OP_LT || op > OP_GE))
		return text_matches(op, a->s, b->s);
	if (!as_number(a, &x) || !as_number(b, &y))
		return op == OP_NE;
	return number_matches(op, x, y);
}

/* ---- conditions ------------------------------------------------------------- */

static bool go_conds(struct run *r, const struct next *m) { return match_conds(r, m); }

/* The condition's value in hand: compare, or bind the variable and go on. */
static bool match_value(struct run *r, const struct cond *c, struct value v,
			const struct next *rest)
{
	for (size_t i = 0; i < c->n_operands; i++) {
		const struct operand *o = &c->operands[i];
		if (o->kind == OPERAND_VAR && !r->var[o->slot].bound && c->op == OP_EQ && v.bound) {
			r->var[o->slot] = v;
			bool done = rest->go(r, rest);
			r->var[o->slot] = (struct value){ 0 };
			return done;
		}
		struct value want = value_of_operand(r, o);
		bool hit = value_matches(c->op, &v, &want);
		if (c->op == OP_NE && !hit)
			return false;	/* "!= a|b": neither */
		if (c->op != OP_NE && hit)
			return rest->go(r, rest);
	}
	return c->op == OP_NE && rest->go(r, rest);
}

static bool match_one(struct run *r, const struct cond *c, const cJSON *j, const struct next *rest)
{
	if (!c->sub)
		return match_value(r, c, value_of_json(j), rest);
	struct next inner = { .go = go_conds, .up = rest, .fact = rest->fact, .object = j,
			      .conds = c->sub, .n_conds = c->n_sub };
	return match_conds(r, &inner);
}

/* No element may be equal; then the rest is solved once. */
static bool match_no_element(struct run *r, const struct cond *c, const cJSON *list,
			     const struct next *rest)
{
	static const struct next yes = { .go = go_true };
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
		if (!match_one(r, c, item, &yes))
			return false;
	return rest->go(r, rest);
}

static bool match_field(struct run *r, const struct cond *c, const cJSON *j,
			const struct next *rest)
{
	const cJSON *item;
	if (c->part == PART_COUNT)
		return match_value(r, c,
				   (struct value){ .bound = true, .n = cJSON_GetArraySize(j) },
				   rest);
	if (c->part == PART_INDEX)
		return match_one(r, c, cJSON_IsArray(j) ? cJSON_GetArrayItem(j, c->index) : NULL,
				 rest);
	if (!cJSON_IsArray(j))
		return match_one(r, c, j, rest);
	if (c->op == OP_NE && !c->sub)
		return match_no_element(r, c, j, rest);
	cJSON_ArrayForEach(item, j)
		if (match_one(r, c, item, rest))
			return true;
	return false;
}

static struct value header_value(const struct fact *x, const char *field)
{
	const char *s = str_eq(field, "cid") ? x->cid : str_eq(field, "image") ? x->image :
			str_eq(field, "actor") ? x->actor : str_eq(field, "step") ? x->step :
			str_eq(field, "session") ? x->session : NULL;
	if (!s)
		return (struct value){ .bound = true, .n = (double)x->seq };
	return (struct value){ .bound = *s != '\0', .s = s };
}

/* The first of m's conditions, then the others, then m->up. */
static bool match_conds(struct run *r, const struct next *m)
{
	if (!m->n_conds)
		return m->up->go(r, m->up);
	const struct cond *c = m->conds;
	struct next rest = *m;
	rest.go = go_conds;
	rest.conds++;
	rest.n_conds--;
	if (c->header)
		return match_value(r, c, header_value(m->fact, c->field), &rest);
	return match_field(r, c, json_obj(m->object, c->field), &rest);
}

/* ---- events ----------------------------------------------------------------- */

static bool actor_counts(const struct event *v, const struct fact *x)
{
	const char *want = v->by ? v->by : "student";
	return str_eq(want, "any") || str_eq(want, x->actor);
}

/* The container the event must be about, if that is already known. */
static const char *known_cid(const struct run *r, const struct event *v)
{
	for (size_t i = 0; i < v->n_conds; i++) {
		const struct cond *c = &v->conds[i];
		if (c->header && c->op == OP_EQ && c->n_operands == 1 && str_eq(c->field, "cid"))
			return value_of_operand(r, &c->operands[0]).s;
	}
	return NULL;
}

/* The positions an event may have: (*low, *high), both exclusive; false: none. */
static bool event_range(const struct run *r, const struct event *v, int64_t *low, int64_t *high)
{
	if (!v->ever && *low < (int64_t)r->first - 1)
		*low = (int64_t)r->first - 1;
	if (v->after >= 0 && r->mark[v->after] < 0)
		return false;
	if (v->after >= 0 && r->mark[v->after] > *low)
		*low = r->mark[v->after];
	if (v->before >= 0 && r->mark[v->before] < 0)
		return false;
	if (v->before >= 0 && r->mark[v->before] < *high)
		*high = r->mark[v->before];
	return *low < *high;
}

/* Calls next for each fact that fits, newest first; next->fact and ->at are set. */
static bool each_match(struct run *r, const struct event *v, int64_t low, int64_t high,
		       const struct next *next)
{
	if (!event_range(r, v, &low, &high))
		return false;
	struct fact_list l = facts_of(r->facts, v->type, known_cid(r, v));
	for (size_t i = fact_list_below(l, (size_t)high); i-- > 0 && l.at[i] > low;) {
		const struct fact *x = facts_at(r->facts, l.at[i]);
		if (!actor_counts(v, x))
			continue;
		struct next found = *next;
		found.fact = x;
		found.at = l.at[i];
		struct next m = { .go = go_conds, .up = &found, .fact = x, .object = x->data,
				  .conds = v->conds, .n_conds = v->n_conds };
		if (match_conds(r, &m))
			return true;
	}
	return false;
}

static bool match_chain(struct run *r, const struct formula *f, size_t i, int64_t low,
			const struct next *next);

/* Event i of a once has its fact: note it, go on with event i + 1. */
static bool go_event(struct run *r, const struct next *n)
{
	int mark = n->f->events[n->i].as;
	int64_t old = mark >= 0 ? r->mark[mark] : -1;
	size_t trail = r->n_trail;

	if (mark >= 0)
		r->mark[mark] = n->at;
	if (r->n_trail < PROOF_MAX_EVIDENCE)
		r->trail[r->n_trail++] = (uint32_t)n->at;
	bool done = match_chain(r, n->f, n->i + 1, n->at, n->up);
	r->n_trail = trail;
	if (mark >= 0)
		r->mark[mark] = old;
	return done;
}

static bool match_chain(struct run *r, const struct formula *f, size_t i, int64_t low,
			const struct next *next)
{
	if (i == f->n_events)
		return next->go(r, next);
	struct next n = { .go = go_event, .up = next, .f = f, .i = i };
	return each_match(r, &f->events[i], low, (int64_t)r->limit, &n);
}

/* ---- the forms ---------------------------------------------------------------- */

static bool solve_once(struct run *r, const struct formula *f, const struct next *next)
{
	return match_chain(r, f, 0, -1, next);
}

static int64_t mark_at(const struct run *r, int mark)
{
	if (mark == MARK_START)
		return -1;
	return mark == MARK_END ? (int64_t)r->limit : r->mark[mark];
}

static bool solve_never(struct run *r, const struct formula *f, const struct next *next)
{
	static const struct next yes = { .go = go_true };
	int64_t low = mark_at(r, f->from), high = mark_at(r, f->to);
	if (each_match(r, f->events, low, high, &yes))
		return false;
	return next->go(r, next);
}

struct tally { struct next n; int64_t last; size_t count; };

/* Counts a fact once, however many ways it matches; false: go on searching. */
static bool go_count(struct run *r, const struct next *n)
{
	struct tally *t = (struct tally *)n->up;
	if (t->last != n->at)
		t->count++;
	t->last = n->at;
	return false;
}

static bool solve_count(struct run *r, const struct formula *f, const struct next *next)
{
	struct tally t = { .last = -1 };
	struct next n = { .go = go_count, .up = &t.n };
	each_match(r, f->events, mark_at(r, f->from), mark_at(r, f->to), &n);
	return number_matches(f->op, (double)t.count, f->number) && next->go(r, next);
}

static bool solve_now(struct run *r, const struct formula *f, const struct next *next)
{
	struct value v = value_of_operand(r, &f->about);
	return v.bound && state_holds(r->facts, r->limit, r->world, f->state, &v) &&
	       next->go(r, next);
}

static bool go_right(struct run *r, const struct next *n) { return solve(r, n->f, n->up); }

static bool solve_and(struct run *r, const struct formula *f, const struct next *next)
{
	struct next right = { .go = go_right, .up = next, .f = f->b };
	return solve(r, f->a, &right);
}

static bool solve_or(struct run *r, const struct formula *f, const struct next *next)
{
	return solve(r, f->a, next) || solve(r, f->b, next);
}

static bool solve_not(struct run *r, const struct formula *f, const struct next *next)
{
	return !holds(r, f->a) && next->go(r, next);
}

static bool solve(struct run *r, const struct formula *f, const struct next *next)
{
	static bool (*const forms[])(struct run *, const struct formula *, const struct next *) = {
		[NODE_AND] = solve_and, [NODE_OR] = solve_or, [NODE_NOT] = solve_not,
		[NODE_ONCE] = solve_once, [NODE_NEVER] = solve_never, [NODE_COUNT] = solve_count,
		[NODE_NOW] = solve_now,
	};
	return forms[f->kind](r, f, next);
}

/* ---- goals -------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

/* What can be seen, by these variables and marks, of what was chosen before. */
static uint64_t fingerprint(const struct run *r, uint64_t h, uint64_t vars, uint64_t marks)
{
	for (size_t v = 0; v < PROOF_MAX_VARS; v++) {
		const struct value *x = &r->var[v];
		if (!(vars >> v & 1) || !x->bound)
			continue;
		h = mix(h, v + 1);
		for (const char *s = x->s; s && *s; s++)
			h = mix(h, (unsigned char)*s);
		uint64_t bits;
		memcpy(&bits, &x->n, sizeof(bits));
		h = mix(h, bits);
	}
	for (size_t m = 0; m < PROOF_MAX_MARKS; m++)
		if (marks >> m & 1)
			h = mix(h, (uint64_t)r->mark[m] + 77);
	return h ? h : 1;
}

static void record(struct run *r, size_t reached)
{
	struct proof_result *o = r->out;
	if (reached <= o->reached)
		return;
	o->reached = reached;
	memcpy(o->var, r->var, sizeof(o->var));
	memcpy(o->evidence, r->trail, r->n_trail * sizeof(*r->trail));
	memcpy(o->first, r->goal_start, reached * sizeof(*o->first));
	o->first[reached] = r->n_trail;
	o->last = -1;
	for (size_t i = 0; i < r->n_trail; i++)
		if (r->trail[i] > o->last)
			o->last = r->trail[i];
}

static bool start_goal(struct run *r, size_t i);

/* The formula's variables and marks that have a value. */
static struct seen seen_by(const struct run *r, const struct formula *f)
{
	struct seen s = { 0 };
	for (size_t v = 0; v < PROOF_MAX_VARS; v++)
		s.vars |= (f->vars >> v & 1 && r->var[v].bound) ? 1ull << v : 0;
	for (size_t m = 0; m < PROOF_MAX_MARKS; m++)
		s.marks |= (f->marks >> m & 1 && r->mark[m] >= 0) ? 1ull << m : 0;
	return s;
}

static bool go_goal_done(struct run *r, const struct next *n)
{
	size_t i = n->i, next = i + 1;
	r->solved[i] = true;
	record(r, next);
	if (start_goal(r, next))
		return true;
	if (!r->hopeless)
		return false;
	/* The next goal never holds, and nothing this one chose is any of its business:
	 * other ways of making this one hold need not be tried. */
	const struct seen mine = seen_by(r, r->goals[i]);
	r->hopeless = false;
	r->given_up = !((mine.vars & ~r->before[i].vars) & r->goals[next]->vars) &&
		      !((mine.marks & ~r->before[i].marks) & r->goals[next]->marks);
	return r->given_up;
}

/* Two things are remembered of a goal that failed: that it never holds with what
 * it sees itself, or that no way of making it hold lets the later ones hold. */
static bool start_goal(struct run *r, size_t i)
{
	if (i == r->n_goals)
		return true;
	const struct formula *f = r->goals[i];
	uint64_t alone = fingerprint(r, 2 * i + 1, f->vars, f->marks);
	uint64_t onward = fingerprint(r, 2 * i + 2, r->later_vars[i], r->later_marks[i]);
	r->hopeless = r->failed[alone % MEMO_SLOTS] == alone;
	if (r->hopeless || r->failed[onward % MEMO_SLOTS] == onward)
		return false;
	r->goal_start[i] = r->n_trail;
	r->before[i] = seen_by(r, f);
	r->solved[i] = r->given_up = r->hopeless = false;
	struct next done = { .go = go_goal_done, .i = i };
	if (solve(r, f, &done) && !r->given_up)
		return true;
	r->given_up = false;
	r->failed[onward % MEMO_SLOTS] = onward;
	if (!r->solved[i])
		r->failed[alone % MEMO_SLOTS] = alone;
	r->hopeless = !r->solved[i];
	return false;
}

/* Facts are in rising order of seq: the position of the first one above `seq`. */
static size_t position_after(const struct facts *f, int64_t seq)
{
	size_t lo = 0, hi = facts_count(f);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (facts_at(f, mid)->seq <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void proof_run(struct formula *const *goals, size_t n_goals,
	       const struct facts *facts, const struct world *w, struct span span,
	       struct proof_result *out)
{
	struct world past = w ? (struct world){ .constant = w->constant, .arg = w->arg }
			      : (struct world){ 0 };
	struct run r = { .goals = goals, .n_goals = n_goals, .facts = facts,
			 .world = span.until ? &past : w,
			 .first = position_after(facts, span.since),
			 .limit = span.until ? position_after(facts, span.until)
					     : facts_count(facts),
			 .out = out };
	*out = (struct proof_result){ .last = -1 };
	for (size_t m = 0; m < PROOF_MAX_MARKS; m++)
		r.mark[m] = -1;
	for (size_t i = n_goals; i-- > 0;) {
		r.later_vars[i] = r.later_vars[i + 1] | goals[i]->vars;
		r.later_marks[i] = r.later_marks[i + 1] | goals[i]->marks;
	}
	r.failed = mem_alloc(MEMO_SLOTS * sizeof(*r.failed));
	start_goal(&r, 0);
	free(r.failed);
}
