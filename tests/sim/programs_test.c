/* programs_test.c - modelled programs that are more than a tool: python3, pip, nginx with
 * curl, apt-get, hello-world, over files as the course's images have them. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "tests/helpers/unit.h"
#include "tests/sim/busybox_root.h"

static struct sim *machine;
static struct str out;

static void program(const char *path)
{
	sys_unlink(sim_self(machine), path);
	busybox_file(machine, path, "\177ELF", 0755);
}

static void folders(const char *const *path)
{
	for (; *path; path++)
		sys_mkdir(sim_self(machine), *path, 0755);
}

static void set_up(void)
{
	static const char *const dirs[] = {
		"/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/info", "/var/lib/apt", "/usr/share",
		"/etc/apt", "/etc/nginx",    "/etc/nginx/conf.d",  "/www",         NULL};

	machine = busybox_machine(1);
	folders(dirs);
	busybox_file(machine, "/var/lib/dpkg/status",
		     "Package: nginx-light\nStatus: install ok installed\nVersion: 1.18.0-6.1\n\n"
		     "Package: python3.9\nStatus: install ok installed\nVersion: 3.9.2-1\n", 0644);
}

static void tear_down(void)
{
	sim_destroy(machine);
	str_free(&out);
}

static int sh(const char *script) { return busybox_sh(machine, "/w", script, &out); }

static void python(void)
{
	program("/bin/python3.9");
	sys_unlink(sim_self(machine), "/bin/python3");
	sys_symlink(sim_self(machine), "python3.9", "/bin/python3");
}

static const struct { const char *script, *out; int status;
} programs[] = {
	{"python3 --version", "Python 3.9.2\n", 0},
	{"echo \"print('Hello from Docker!')\" >t.py; python3 t.py", "Hello from Docker!\n", 0},
	{"python3 -c 'x = 3; x += 1; print(x, x / 2, x // 3, 2 ** 10, \"a\" * 3, f\"{x}!\", "
	 "sep=\"-\")'",
	 "4-2.0-1-1024-aaa-4!\n", 0},
	{"python3 -c 'print(0.1 + 0.2, 1e100, 7 % -3, not 1 > 2, \"it'\"'\"'s\")'",
	 "0.30000000000000004 1e+100 -2 True it's\n", 0},
	{"printf 'x = 1\\nprint(y)\\n' >t.py; python3 t.py",
	 "Traceback (most recent call last):\n  File \"t.py\", line 2, in "
	 "<module>\n    print(y)\nNameError: name 'y' is not defined\n",
	 1},
	{"echo \"print('a\" >t.py; python3 t.py",
	 "  File \"t.py\", line 1\n    print('a\n           ^\n"
	 "SyntaxError: EOL while scanning string literal\n",
	 1},
	{"python3 -c 'print(\"a\" + 1)' 2>&1 | tail -n 1",
	 "TypeError: can only concatenate str (not \"int\") to str\n", 0},
	{"python3 -c 'import os'",
	 "python3: the simulator's Python is a model: it prints, counts and keeps variables,"
	 " but has no import (line 1)\n",
	 1},
};

START_TEST(python_prints_and_counts)
{
	python();
	ck_assert_int_eq(sh(programs[_i].script), programs[_i].status);
	ck_assert_str_eq(out.s, programs[_i].out);
}
END_TEST

START_TEST(pip_lists_what_lies_there)
{
	static const char *const dirs[] = {
		"/usr/lib", "/usr/lib/python3", "/usr/lib/python3/dist-packages",
		"/usr/lib/python3/dist-packages/pip-20.3.4.dist-info", NULL};

	python();
	folders(dirs);
	busybox_file(machine, "/usr/lib/python3/dist-packages/pip-20.3.4.dist-info/METADATA",
		     "Name: pip\nVersion: 20.3.4\n", 0644);
	busybox_file(machine, "/usr/lib/python3/dist-packages/wheel.egg-info",
		     "Name: wheel\nVersion: 0.34\n", 0644);
	sys_unlink(sim_self(machine), "/bin/pip3");
	busybox_file(machine, "/bin/pip3", "#!/bin/python3\n", 0755);
	ck_assert_int_eq(sh("pip3 list"), 0);
	ck_assert_str_eq(out.s, "Package Version\n------- -------\npip     20.3.4\nwheel   0.34\n");
}
END_TEST

START_TEST(nginx_answers_and_writes_it_down)
{
	program("/bin/nginx");
	program("/bin/curl");
	busybox_file(machine, "/www/index.html", "<h1>Welcome to nginx!</h1>\n", 0644);
	busybox_file(machine, "/etc/nginx/nginx.conf",
		     "http {\n\taccess_log /w/access.log;\n\terror_log /w/error.log;\n"
		     "\ttypes { text/html html; }\n\tinclude /etc/nginx/conf.d/*.conf;\n}\n",
		     0644);
	busybox_file(machine, "/etc/nginx/conf.d/default.conf",
		     "server {\n\tlisten 8000;\t# a comment; { of it\n"
		     "\tlocation / { root /www; index none.html index.html; }\n}\n",
		     0644);
	ck_assert_int_eq(sh("nginx -g 'daemon off;' & sleep 1\n"
			    "curl -s http://127.0.0.1:8000/; curl -s -o f -w '%{http_code}\\n' "
			    "http://127.0.0.1:8000/no\n"
			    "cut -d' ' -f1,6-10 access.log; kill -QUIT $!; wait $!; echo $?; curl "
			    "-s http://127.0.0.1:8000/"),
			 7);
	ck_assert_str_eq(out.s, "<h1>Welcome to nginx!</h1>\n404\n127.0.0.1 \"GET / HTTP/1.1\" 200 27\n"
			 "127.0.0.1 \"GET /no HTTP/1.1\" 404 153\n0\n");
}
END_TEST

START_TEST(apt_knows_what_update_has_read)
{
	static const char *const dirs[] = { "/source", NULL };

	program("/bin/apt-get");
	folders(dirs);
	busybox_file(machine, "/etc/apt/sources.list", "deb [trusted=yes] file:/source ./\n", 0644);
	busybox_file(machine, "/source/Release", "Origin: test\n", 0644);
	busybox_file(machine, "/source/Packages",
		     "Package: a\nVersion: 1\nDepends: b (>= 1), nginx | c\nFilename: "
		     "./a.deb\nSize: 7\n\n"
		     "Package: b\nVersion: 2\nProvides: c\nFilename: ./b.deb\nSize: 8\n",
		     0644);
	ck_assert_int_eq(sh("apt-get install -y a 2>&1 | tail -n 1"), 0);
	ck_assert_str_eq(out.s, "E: Unable to locate package a\n");
	ck_assert_int_eq(sh("apt-get update | tail -n 1; apt-get install a"), 1);
	ck_assert_ptr_nonnull(strstr(out.s, "The following NEW packages will be installed:\n  a b\n"));
	ck_assert_ptr_nonnull(strstr(out.s, "Do you want to continue? [Y/n] Abort.\n"));
}
END_TEST

/* A file of this machine in the simulated one. */
static void take_over(const char *path, const char *as)
{
	autofd int fd = open(path, O_RDONLY);
	struct task *t = sim_self(machine);
	long to = sys_open(t, as, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	char buf[4096];
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		ck_assert_int_eq(sys_write(t, (int)to, buf, (size_t)n), n);
	sys_close(t, (int)to);
}

/* What dpkg-deb has packed. */
static void make_package(void)
{
	char dir[] = "/tmp/programs-test.XXXXXX";
	autofree char *pack = NULL, *path = NULL, *clean = NULL;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	pack = str_printf("cd %s && mkdir -p a/DEBIAN a/usr/bin a/usr/share/man && echo yes "
			  ">a/usr/bin/new && chmod 755 "
			  "a/usr/bin/new && ln -s new a/usr/bin/link && echo no "
			  ">a/usr/share/man/new.1 && printf 'Package: a\n"
			  "Version: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: d\n' "
			  ">a/DEBIAN/control && "
			  "dpkg-deb --root-owner-group -b a a.deb >/dev/null",
			  dir);
	path = str_printf("%s/a.deb", dir);
	clean = str_printf("rm -rf %s", dir);
	ck_assert_int_eq(system(pack), 0);
	take_over(path, "/source/a.deb");
	ck_assert_int_eq(system(clean), 0);
}

START_TEST(apt_unpacks_real_packages)
{
	static const char *const dirs[] = { "/source", "/etc/dpkg", "/etc/dpkg/dpkg.cfg.d", NULL };

	program("/bin/apt-get");
	program("/bin/dpkg");
	folders(dirs);
	make_package();
	busybox_file(machine, "/etc/dpkg/dpkg.cfg.d/rules", "path-exclude=/usr/share/man/*\n", 0644);
	busybox_file(machine, "/etc/apt/sources.list", "deb [trusted=yes] file:/source ./\n", 0644);
	busybox_file(machine, "/source/Release", "Origin: test\n", 0644);
	busybox_file(machine, "/source/Packages",
		     "Package: a\nVersion: 1\nFilename: ./a.deb\nSize: 7\n\n", 0644);
	ck_assert_int_eq(sh("apt-get update >log && apt-get install -y a >log || cat log"), 0);
	ck_assert_str_eq(out.s, "");
	ck_assert_int_eq(sh("cat /usr/bin/link; stat -c %a /usr/bin/new; ls /usr/share/man; dpkg "
			    "-s a; apt-get install a | tail -n 2"),
			 0);
	ck_assert_str_eq(out.s, "yes\n755\nPackage: a\nStatus: install ok installed\nVersion: 1\n"
				"a is already the newest version (1).\n0 upgraded, 0 newly "
				"installed, 0 to remove and 0 not upgraded.\n");
}
END_TEST

START_TEST(hello_says_what_the_file_holds)
{
	busybox_file(machine, "/hello",
		     "\177ELF\001short\n\002\nHello from a file!\nsecond line\n\001x", 0755);
	ck_assert_int_eq(sh("/hello"), 0);
	ck_assert_str_eq(out.s, "\nHello from a file!\nsecond line\n");
}
END_TEST

START_TEST(a_shell_asks_for_lines)
{
	program("/bin/bash");
	ck_assert_int_eq(sh("printf 'cd /tmp\\nfoo\\nif true\\nthen echo y; fi\\nfi\\necho $?\\n' "
			    "| bash -i"),
			 0);
	ck_assert_str_eq(out.s, "root@drydock:/w# root@drydock:/tmp# bash: foo: command not found\n"
			 "root@drydock:/tmp# > y\n"
			 "root@drydock:/tmp# bash: syntax error near unexpected token `fi'\n"
			 "root@drydock:/tmp# 2\nroot@drydock:/tmp# exit\n");
}
END_TEST

START_TEST(without_a_model_it_says_so)
{
	program("/bin/gcc");
	ck_assert_int_eq(sh("gcc x.c"), 127);
	ck_assert_ptr_nonnull(strstr(out.s, "gcc: the simulator has no model of this program"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sim_programs");
	TCase *t = tcase_create("services");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, python_prints_and_counts, 0, ARRAY_SIZE(programs));
	tcase_add_test(t, pip_lists_what_lies_there);
	tcase_add_test(t, nginx_answers_and_writes_it_down);
	tcase_add_test(t, apt_knows_what_update_has_read);
	tcase_add_test(t, apt_unpacks_real_packages);
	tcase_add_test(t, hello_says_what_the_file_holds);
	tcase_add_test(t, a_shell_asks_for_lines);
	tcase_add_test(t, without_a_model_it_says_so);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
