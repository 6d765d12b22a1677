/* shell_scripts.c - scripts from templates.
 *
 * In a template %f is a file's name, %d a folder's, %w a word, %v a variable, %n a small
 * number, %m a mode, %p a pattern, %C another command, %i a variable no other loop has.
 * What commands write together goes to a file that none reads: `cat f >> f` has no end.
 */
#include "tests/sim/shell_scripts.h"

#include "core/cleanup.h"

enum { DEEPEST = 3 };

struct making { uint64_t state; struct str *out; int depth, loops; };

/* splitmix64 */
static uint64_t next(struct making *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static const char *const files[] = { "f", "g", "d/f", "d/g", "e/f", "h", "d/e/f", "missing" };
static const char *const folders[] = { "d", "e", "d/e", "d/x", "new" };
static const char *const words[] = {"a",      "bc", "one", "two three", "abc", "'q r'",
				    "\"$x\"", "x*", "A1",  "zz",        "''",  "a.b"};
static const char *const variables[] = { "x", "y", "z" };
static const char *const numbers[] = { "0", "1", "2", "3", "7", "10" };
static const char *const modes[] = {"644", "600",      "755",  "u+x", "go-r",
				    "a=r", "u=rw,go=", "4755", "999", "+w"};
static const char *const patterns[] = { "*", "f*", "?", "[fg]", "d/*", "*/f", "[!d]*", "*.none", "\"*\"" };

/* One command each. */
static const char *const commands[] = {
	"echo %w %w",
	"echo -n %w",
	"echo -e 'a\\t%n\\n\\x41\\0101'",
	"echo \"$%v\" '$%v' $%v",
	"echo $((%n + %n * %n)) $((%n > %n))",
	"%v=%w",
	"%v=\"%n $%v\"",
	"%v=$((%n - %n))",
	"%v=$(echo %w)",
	"echo ${%v:-%w} ${#%v} ${%v%b*} ${%v#a}",
	"echo ${%v:=%w} ${%v:+set}",
	"echo ${%v/b/_} ${%v:1:2} \"${%v%%c*}\" ${%v##*b}",
	"unset %v",
	"{ export %v; env | grep ^%v=; }",
	"{ %v=%n env | grep ^%v; }",
	"echo %w > %f",
	"echo %w >> %f",
	"printf 'b\\na\\nc\\n' > %f",
	"seq %n > %f",
	"> %f",
	"cat %f",
	"cat %f %f",
	"cat < %f",
	"cat -n %f",
	"mkdir %d",
	"mkdir -p %d",
	"mkdir -m %m %d",
	"rm %f",
	"rm -r %d",
	"rm -rf %d",
	"rm -f %f",
	"rm %d",
	"rmdir %d",
	"touch %f",
	"cp %f %f",
	"cp -r %d %d",
	"cp %f %d",
	"mv %f %f",
	"mv %d %d",
	"ln %f %f",
	"ln -s %f %f",
	"ln -sf %f %f",
	"ls",
	"ls -a %d",
	"ls -d %f",
	"ls %f %d",
	"ls -R",
	"ls -1 %d",
	"{ ls -l %f | cut -c1-43; }",
	"chmod %m %f",
	"chmod -R %m %d",
	"chown 1000:%n %f",
	"stat -c '%%n %%a %%F' %f",
	"wc -l %f",
	"wc < %f",
	"wc %f",
	"head -n %n %f",
	"head -c %n %f",
	"tail -n %n %f",
	"tail -n +%n %f",
	"grep a %f",
	"grep -c a %f",
	"grep -vn b %f",
	"grep -q a %f",
	"grep -iE '^(A|b)' %f",
	"sort %f",
	"sort -rn %f",
	"{ sort -u %f | uniq -c; }",
	"cut -c1-2 %f",
	"cut -d' ' -f%n %f",
	"tr a-c A-C < %f",
	"tr -d a < %f",
	"sed s/a/_%n_/g %f",
	"sed -n '2p' %f",
	"sed '1d;s/\\(b\\)/<\\1>/' %f",
	"basename %f",
	"dirname %f",
	"readlink %f",
	"realpath %f",
	"seq %n %n",
	"printf '%%s-%%s\\n' %w %w %w",
	"printf '%%d %%x %%03d\\n' %n %n %n",
	"printf %%b 'a\\nb'",
	"test -f %f",
	"test -d %d && echo dir",
	"[ %n -lt %n ]",
	"[ %w = %w ] && echo yes || echo no",
	"[ -s %f -o -x %f ]; echo $?",
	"[ ! -e %f ]",
	"cd %d && pwd",
	"( cd .. && pwd )",
	"pwd",
	"true",
	"false",
	"! true",
	"read %v < %f; echo \"<$%v>\"",
	"read -r x y < %f; echo \"$y\"",
	"set -- %w %w; echo $# \"$2\" \"$*\"",
	"set -- %p; for i; do echo \"[$i]\"; done",
	"shift; echo $#",
	"{ find . -name '[df]' | sort; }",
	"{ find %d -type f | sort; }",
	"{ find . -maxdepth 1 -empty | sort; }",
	"echo %p",
	"ls %p",
	"id -u",
	"whoami",
	"date -u -d @%n%n%n00",
	"(exit %n)",
	"exit %n",
	"return %n",
	"eval 'echo $%v'",
	"eval \"%v=%n\"",
	"type cd echo; type nothing",
	"nothing %w",
	"./%f",
	"echo err >&2",
	"echo %w 2>&1 >%f",
	"cat %f 2>/dev/null",
	"tee %f < %f",
	"{ echo %w | tee -a %f; }",
	"{ yes %w | head -n %n; }",
	"{ echo a b c | xargs -n 2 echo; }",
	"find . -type f | sort | xargs wc -c",
	"du -a nothing",
	"dd if=%f bs=2 count=1 2>/dev/null",
	"rev %f",
	"kill -0 $$",
	"kill -l %n",
	"umask; umask 0%n7; touch %f",
	"set -e",
	"set -u; echo $%v",
	"set -x; echo %w; set +x",
	"IFS=b; for i in $%v; do echo \"[$i]\"; done; unset IFS",
	"sleep 0",
	"env -i A=%n env",
	"uname -s",
	"local %v=%n",
	"break",
	"continue",
	"command echo %w",
	"true %w > %f/%f",
	"tail -c %n %f",
	"{ find . -name f -exec echo {} \\; | sort; }",
	"printf '%%5s|%%-4s|\\n' %w %w",
	"let %v=%n+%n; echo $%v",
	"test %n -eq %w",
	"ln -s %d %f",
	"cat %d",
	"cp %d %f",
	"mv %f %d",
	"stat -c %%a %d",
	"echo ~ ~nobody",
	"echo \"a\\\"b\" 'c\"d' e\\ f",
	"echo `echo \\`echo %n\\``",
};

/* These end with a line of their own, so they stand alone. */
static const char *const documents[] = {
	"trap 'echo bye' EXIT",
	"cat <<E\n$%v %n $(echo %w) \\$x \"%w\"\nE",
	"cat <<'E' > %f\n$%v\nE",
	"cat <<-E | tr a-c A-C\n\t$((%n + 1))\n\tE",
	"while read l; do echo \"<$l>\"; done <<E\n%w\n${%v:-%w}\nE",
	"cat <<E; echo %w\n`echo %n`\nE",
};

/* What holds other commands. */
static const char *const compounds[] = {
	"if %C; then %C; else %C; fi",
	"if %C; then %C; fi",
	"for %v in %w %w %p; do %C; done",
	"for %v in 1 2 3; do %C; %C; done",
	"%i=0; while [ $%j -lt 2 ]; do %j=$((%j + 1)); %C; done",
	"%i=0; until [ $%j = 2 ]; do %j=$((%j + 1)); %C; done",
	"{ %C; } 2>&1 | cat",
	"{ %C; } 2>&1 | sort",
	"%C && %C",
	"%C || %C",
	"! %C",
	"{ %C; %C; } > log",
	"( %C; %C )",
	"( cd %d; %C )",
	"g%n() { %C; return %n; }; g%n %w",
	"h() { local y=%n; %C; }; h; echo \"$y\"",
	"case %w in a*) %C;; \"$x\"|b?) %C;; *) %C;; esac",
	"x=$(%C); echo \"[$x]\"",
	"{ %C; } >bg 2>&1 & wait; cat bg",
	"echo \"$(%C)\"",
	"{ %C; } > log",
	"{ %C; } < %f",
	"{ %C; } >> log 2>&1",
	"{ %C; } 2>/dev/null",
	"eval '%c'",
	"%C; %C",
	"while read l; do echo \"<$l>\"; done < %f",
	"{ %C; } 2>&1 | while read l; do echo \"($l)\"; done",
	"sh -c 'echo $0 $1; exit %n' %w %w",
	"for i in a b; do for j in c d; do [ $i$j = ad ] && continue 2; echo $i$j; done; done",
};

static void command(struct making *m);

#define PICK(m, table) ((table)[next(m) % ARRAY_SIZE(table)])

static void fill(struct making *m, const char *t)
{
	int loop = 0;

	for (; *t; t++) {
		if (*t != '%' || !t[1]) {
			str_addn(m->out, t, 1);
			continue;
		}
		switch (*++t) {
		case 'f': str_add(m->out, PICK(m, files)); break;
		case 'd': str_add(m->out, PICK(m, folders)); break;
		case 'w': str_add(m->out, PICK(m, words)); break;
		case 'v': str_add(m->out, PICK(m, variables)); break;
		case 'n': str_add(m->out, PICK(m, numbers)); break;
		case 'm': str_add(m->out, PICK(m, modes)); break;
		case 'p': str_add(m->out, PICK(m, patterns)); break;
		case 'C': command(m); break;
		case 'c': str_add(m->out, "echo $x; false"); break;
		case 'i': loop = ++m->loops; /* fall through */
		case 'j': str_addf(m->out, "n%d", loop); break;
		case '%': str_add(m->out, "%"); break;
		default: str_addn(m->out, t - 1, 2); break;
		}
	}
}

static void command(struct making *m)
{
	m->depth++;
	fill(m, m->depth < DEEPEST && next(m) % 4 == 0 ? PICK(m, compounds) : PICK(m, commands));
	m->depth--;
}

void shell_script(uint64_t seed, struct str *out)
{
	struct making m = { .state = seed, .out = out };
	uint64_t lines = 2 + next(&m) % 7;

	str_clear(out);
	str_add(out, "mkdir -p d/e; echo one >f; printf 'abc\\nbcd\\n' >d/g; x=abc\n");
	while (lines-- > 0) {
		if (next(&m) % 12)
			command(&m);
		else
			fill(&m, PICK(&m, documents));
		str_add(out, next(&m) % 3 ? "\n" : "\necho $?\n");
	}
}
