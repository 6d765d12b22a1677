/* shell_complete.c - completion for bash: the script, and the question it asks.
 *
 * The question and the answer are those of docker's own client, so that its script
 * works with our program and ours with it: `docker __complete WORD...` prints what
 * the last word may become, one a line, then ":4" for no file names, ":0" for them, too.
 */
#include <stdio.h>

#include "client/complete.h"
#include "client/verb.h"
#include "core/str.h"

/* Words are split here, at blanks, since bash splits image:tag and --opt=value as well;
 * what comes before the last of its breaks is cut off from the candidates again. */
static const char bash_script[] =
	"# bash completion for drydock and docker: the program itself is asked.\n"
	"_drydock()\n"
	"{\n"
	"	local line=${COMP_LINE:0:COMP_POINT} words reply cur\n"
	"	read -ra words <<<\"$line\"\n"
	"	[[ $line == *[[:space:]] ]] && words+=(\"\")\n"
	"	cur=${words[-1]}\n"
	"	mapfile -t reply < <(\"${words[0]}\" __complete \"${words[@]:1}\" 2>/dev/null)\n"
	"	((${#reply[@]})) || return\n"
	"	[[ ${reply[-1]} == :4 ]] || compopt -o default 2>/dev/null\n"
	"	unset 'reply[-1]'\n"
	"	reply=(\"${reply[@]%%$'\\t'*}\")\n"
	"	COMPREPLY=(\"${reply[@]#\"${cur%\"${cur##*[:=]}\"}\"}\")\n"
	"}\n"
	"complete -F _drydock drydock docker\n";

int complete_print(int n, char *const *words)
{
	bool files;
	char **list = docker_complete(n, words, &files);

	for (char **word = list; *word; word++)
		puts(*word);
	puts(files ? ":0" : ":4");
	strv_free(list);
	return 0;
}

static int completion_verb(struct command *c)
{
	if (!str_eq(c->opt.args[0], "bash")) {
		fprintf(stderr, "there is a script for bash only, not for %s\n", c->opt.args[0]);
		return 1;
	}
	fputs(bash_script, stdout);
	return 0;
}

const struct verb verbs_shell[] = {
	{ .paths = "completion", .usage = "SHELL", .about = "Print the completion script for bash",
	  .min_args = 1, .max_args = 1, .hidden = true, .run = completion_verb },
	{ 0 },
};
