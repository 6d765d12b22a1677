/* userland.c - the register, and the first steps of every modelled program.
 *
 * The file that is executed decides what it is: its name, and whose it is.  Where
 * /proc/self/exe leads to busybox, busybox's way of speaking holds; else coreutils'.
 * Versions and the like come from the image's files, never from here.
 */
#include "sim/userland/userland.h"

#include "sim/userland/match.h"
#include "sim/userland/services/services.h"
#include "sim/userland/shell/shell.h"
#include "sim/userland/tools/tools.h"

static const struct tool tools[] = {
#define TOOL(name, model) { name, model },
#include "sim/userland/tools/tools.def"
#undef TOOL
};

const struct tool *tool_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (glob_match(tools[i].name, name))
			return &tools[i];
	return NULL;
}

/* The program's own file, links followed; where there is no /proc, what $PATH says. */
static char *own_file(struct prog *p)
{
	char *exe = read_link(p, "/proc/self/exe"), *link;

	if (exe)
		return exe;
	exe = strchr(p->argv[0], '/') ? p->argv[0] : path_join(p->a, "/bin", p->argv[0]);
	while ((link = read_link(p, exe)))
		exe = *link == '/' ? link : path_join(p->a, path_dir(p->a, exe), link);
	return exe;
}

static int program_main(struct task *t, int argc, char **argv)
{
	const struct tool *tool;
	struct arena a;
	struct prog p;
	char *exe;
	int status;

	prog_init(&p, t, &a, argc, argv);
	if (p.name[0] == '-')
		p.name++;
	p.exe = argc ? own_file(&p) : "";
	exe = path_base(&a, p.exe);
	if (!strcmp(exe, "busybox"))
		p.maker = MADE_BY_BUSYBOX;
	tool = tool_named(p.name);
	if (!tool)
		tool = tool_named(exe);
	if (!tool)
		die(&p, 127, "the simulator has no model of this program");
	status = tool->run(&p);
	return flush(&p) < 0 && !status ? 1 : status;
}

const struct sim_program userland_programs[] = {
#define TOOL(name, model) { name, program_main },
#include "sim/userland/tools/tools.def"
#undef TOOL
	{ NULL },
};

int tool_busybox(struct prog *p)
{
	const struct tool *tool;

	if (p->argc < 2)
		return complain(p, "names of applets follow it: busybox ls"), 0;
	p->argv++;
	p->argc--;
	p->name = path_base(p->a, p->argv[0]);
	tool = tool_named(p->name);
	if (!tool || tool->run == tool_busybox)
		die(p, 127, "applet not found");
	return tool->run(p);
}
