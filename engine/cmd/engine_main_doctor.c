/* engine_main_doctor.c - `drydock doctor`: what this machine has and lacks. */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/bake.h"
#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "doctor/doctor.h"
#include "kernel/nft.h"

static const char usage[] =
	"Usage: drydock doctor [OPTIONS]\n"
	"\n"
	"Tries what each backend needs of this machine, and says what is there, what is\n"
	"missing, what that costs, which command mends it, and how the lab's steps run.\n"
	"It changes nothing.\n"
	"\n"
	"  --json          for programs\n"
	"  --plain         no colours\n"
	"  -h, --help      this text\n"
	"\n"
	"It leaves with 0 where the lab's six steps can be done, with 1 where not.\n";

/* The lab's steps in their order: the folders NN-name beside the images' recipes. */
static char **steps_read(void)
{
	autofree char *images = bake_recipes();
	autofree char *labs = str_printf("%s/..", images);
	struct dirent **all = NULL;
	char **steps = mem_alloc(sizeof(*steps));
	int n = scandir(labs, &all, NULL, alphasort), number;

	for (int i = 0; i < n; i++) {
		char name[64];
		if (sscanf(all[i]->d_name, "%2d-%63s", &number, name) == 2)
			strv_add(&steps, name);
		free(all[i]);
	}
	free(all);
	return steps;
}

static struct report_style style_now(bool plain)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR"), *columns = getenv("COLUMNS");
	struct winsize w = { 0 };
	struct report_style s = { .width = columns && atoi(columns) >= 40 ? atoi(columns) : 80 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		s.width = w.ws_col < 40 ? 40 : w.ws_col > 100 ? 100 : w.ws_col;
	s.colours = !plain && isatty(STDOUT_FILENO) && !(none && *none) && term &&
		    strcmp(term, "dumb") != 0;
	return s;
}

static int report(const struct diagnosis *d, bool json, bool plain)
{
	if (json) {
		autofree char *text = report_json(d);
		puts(text);
	} else {
		struct report_style style = style_now(plain);
		autostr struct str text = { 0 };
		report_text(d, &style, &text);
		fputs(text.s, stdout);
	}
	return diagnosis_good(d) ? 0 : 1;
}

static int examine(const struct settings *s, const char *wrong, bool json, bool plain)
{
	struct err e = { 0 };
	struct diagnosis *d;
	char **unbaked = bake_missing(s->data_root), **steps = steps_read();
	const struct doctor_ask ask = {
		.k = kernel_linux(), .data_root = s->data_root, .exec_root = s->exec_root,
		.settings_wrong = wrong, .unbaked = unbaked, .steps = steps,
	};
	int code = 2;

	kernel_nft_enable();

	if (doctor_examine(&ask, &d, &e) < 0) {
		err_print(&e);
	} else {
		code = report(d, json, plain);
		diagnosis_free(d);
	}
	strv_free(unbaked);
	strv_free(steps);
	return code;
}

int cmd_doctor(int argc, char **argv)
{
	int json = 0, plain = 0;
	const struct option known[] = {
		{ "json", no_argument, &json, 1 }, { "plain", no_argument, &plain, 1 },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	struct settings s = { 0 };
	struct err e = { 0 };
	char *const alone[] = { argv[0], NULL };

	for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;)
		if (c != 0) {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	/* The daemon's own settings; where they are wrong, the folders it would have. */
	if (settings_read(1, (char **)alone, &s, &e) < 0)
		settings_roots(&s);
	int code = examine(&s, e.code ? e.what : NULL, json, plain);
	settings_free(&s);
	return code;
}
