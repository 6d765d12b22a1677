/* main.c - drydock: the program that people type.
 *
 * Reached as `docker` it is docker's command line.  The verbs that need the big
 * libraries are another program's, drydock-engine: found beside this one, or in
 * ../libexec/drydock, it takes this process over (execve), so that `docker ps`
 * never pays for curl and SQLite.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/complete.h"
#include "client/docker.h"
#include "cmd/main.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/lang.h"
#include "core/str.h"
#include "labs/cmd.h"
#include "labs/lint/lint.h"
#include "labs/look/look.h"
#include "labs/shell/screen.h"
#include "labs/usage.h"
#include "lessons/cmd_demo.h"
#include "lessons/lesson.h"
#include "quiz/quiz.h"
#include "trace/show/show.h"

#define EXIT_USAGE 2
#define HELP_COLUMN 17	/* where the help's texts begin */

static int run_engine(int argc, char **argv)
{
	static const char *const places[] = { "", "/../libexec/drydock" };
	autofree char *folder = file_own_folder();
	autofree char **args = mem_alloc(((size_t)argc + 2) * sizeof(char *));

	args[0] = (char *)"drydock-engine";
	memcpy(args + 1, argv, (size_t)argc * sizeof(char *));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		autofree char *program = str_printf("%s%s/drydock-engine", folder, places[i]);

		execv(program, args);
		if (errno != ENOENT) {
			fprintf(stderr, "drydock: %s: %s\n", program, strerror(errno));
			return 1;
		}
	}
	fprintf(stderr, "drydock: drydock-engine is not there (looked in %s and in "
		"../libexec/drydock beside it)\n"
		"hint: `make` builds it next to this program\n", folder);
	return 1;
}

/* `drydock build` is docker's; only the parser's own view is another program's. */
static int run_build(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--dump-ast"))
		return run_engine(argc, argv);
	return docker_main(argc + 1, argv - 1);
}

static int run_complete(int argc, char **argv);

static const struct verb_row {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;	/* NULL: for programs, not in --help */
} verbs[] = {
	{ "docker", docker_main, N_("the docker command line (also reached as `docker`)") },
	{ "lab", cmd_lab, N_("the lab's steps, from any shell: list, start, check, hint, why") },
	{ "attach-session", cmd_attach_session,
	  N_("a second terminal for a lab shell that is open") },
	{ "lesson", cmd_lesson, N_("the lecture's sections, and a demonstration of each") },
	{ "demo", cmd_demo, N_("a demonstration before a class: typed, run, voted on, recorded") },
	{ "quiz", cmd_quiz, N_("questions about the lecture: practice, exam, export") },
	{ "review", cmd_review, N_("asks again what is due: after 1, 3, 7 and 16 days") },
	{ "layers", cmd_layers, N_("the layers of a container or image, and what each changed") },
	{ "where", cmd_where, N_("which layer a path comes from, and what rm would do to it") },
	{ "lost", cmd_lost, N_("what went with a container that was removed") },
	{ "compare", cmd_compare, N_("two runs: only the kernel calls that differ") },
	{ "lint", cmd_lint, N_("for teachers: is a course that was edited still sound?") },
	{ "trace", cmd_trace, N_("the kernel calls behind what happened, live with -f") },
	{ "explain", cmd_explain, N_("what a call, flag, namespace or cgroup file does") },
	{ "daemon", run_engine, N_("serve the Docker Engine API and run containers") },
	{ "registry", run_engine, N_("serve images to this class over HTTP") },
	{ "build", run_build,
	  N_("docker build; --dump-ast FILE shows how a Dockerfile is understood") },
	{ "export-bundle", export_bundle,
	  N_("write a container or an image as an OCI bundle, for runc") },
	{ "bake", run_engine, N_("prepare the course images") },
	{ "doctor", run_engine, N_("what works on this machine, what doesn't, and what mends it") },
	{ "__complete", run_complete, NULL },
};

/* For the shell (client/shell_complete.c): our verbs, and behind `docker` docker's. */
static int run_complete(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "docker"))
		return complete_print(argc - 2, argv + 2);
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].what && str_starts(verbs[i].name, argv[1]))
			puts(verbs[i].name);
	puts(argc == 2 ? ":4" : ":0");
	return 0;
}

static int help(FILE *to, int code)
{
	static const struct { const char *option, *what; } options[] = {
		{ "--plain", N_("text only: no colour, no boxes, no redrawing") },
		{ "--lab N", N_("begin at step N") },
		{ "--learner ID", N_("whose progress this is") },
		{ "--backend B", N_("auto, linux, rootless or sim") },
		{ "--host URL", N_("the daemon's socket") },
		{ "--keep", N_("leave the daemon running that was started for it") },
		{ "--lang NAME", N_("the language: en or de (DRYDOCK_LANG says the same)") },
		{ "--version", N_("print the version") },
	};
	usage_text(to, _("Usage: drydock [OPTIONS]            open the lab shell\n"
			 "       drydock VERB [OPTIONS]\n\n"));
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (verbs[i].what)
			usage_row(to, verbs[i].name, HELP_COLUMN, _(verbs[i].what));
	usage_text(to, _("\nOptions of the lab shell:\n"));
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		usage_row(to, options[i].option, HELP_COLUMN, _(options[i].what));
	usage_text(to, _("\n`drydock VERB --help` shows a verb's options.\n"));
	return code;
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2)
		return cmd_shell(argc, argv);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(stdout, 0);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		printf("drydock %s (Docker API %s)\n", DRYDOCK_VERSION, DOCKER_API);
		return 0;
	}
	if (argv[1][0] == '-')
		return cmd_shell(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, _("drydock: no verb \"%s\"\n\n"), argv[1]);
	return help(stderr, EXIT_USAGE);
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

/* docker's verbs speak as docker does, and the engine's own log for administrators. */
static const char *const english[] = {
	"docker", "build", "daemon", "registry", "bake", "__complete", NULL
};

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

/* With these a program reads what is printed: it gets the same words everywhere. */
static bool for_programs(int argc, char **argv)
{
	static const char *const options[] = { "--json", "--export", "--import", NULL };
	for (int i = 1; i < argc; i++)
		if (is_one_of(argv[i], options) || str_starts(argv[i], "--export="))
			return true;
	return false;
}

/* Takes "--lang NAME" or "--lang=NAME" out of the words; NULL: it is not there. */
static const char *take_lang(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		const char *joined = str_starts(argv[i], "--lang=") ? argv[i] + 7 : NULL;
		int n = joined ? 1 : 2;
		if (!joined && (strcmp(argv[i], "--lang") || i + 1 == *argc))
			continue;
		const char *name = joined ? joined : argv[i + 1];
		memmove(argv + i, argv + i + n, (size_t)(*argc - i - n + 1) * sizeof(*argv));
		*argc -= n;
		return name;
	}
	return NULL;
}

static int begin_language(int *argc, char **argv)
{
	const char *name = take_lang(argc, argv);
	if (name && strcmp(name, "en") && !lang_has(name)) {
		fprintf(stderr, "drydock: there is no translation \"%s\"\n"
			"hint: `--lang de` is German, `--lang en` English; a translation needs "
			"Debian's gettext when Drydock is built\n", name);
		return EXIT_USAGE;
	}
	lang_begin(name);
	if (screen_plain(has_word(*argc, argv, "--plain")))
		lang_ascii();
	if (for_programs(*argc, argv) || (*argc > 1 && is_one_of(argv[1], english)))
		lang_off();
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0] ? argv[0] : "", '/');
	const char *name = slash ? slash + 1 : argv[0] ? argv[0] : "";

	if (!strcmp(name, "docker"))
		return docker_main(argc, argv);
	if (argc > 1 && is_one_of(argv[1], english))
		return dispatch(argc, argv);
	int r = begin_language(&argc, argv);
	return r ? r : dispatch(argc, argv);
}
