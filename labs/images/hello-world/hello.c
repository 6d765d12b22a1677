/* hello.c - the only file in the image hello-world.
 *
 * Static, so that it needs no libraries and so no system around it: a container
 * is a process with a view of its own, not a small machine.
 */
#include <stdio.h>

static const char text[] =
	"\n"
	"Hello from Docker!\n"
	"This message shows that your installation appears to be working correctly.\n"
	"\n"
	"What it took to get this line to you:\n"
	" 1. The client asked the daemon, over a socket, to run the image \"hello-world\".\n"
	" 2. The daemon fetched the image from a registry, unless it was here already.\n"
	" 3. It made a container: namespaces, a root file system, limits - and put this\n"
	"    program into it as process number 1.\n"
	" 4. What the program printed went back to the client the same way, and the\n"
	"    program's end was the container's end.\n"
	"\n"
	"All of it is calls to the kernel, about a hundred: `drydock trace` lists them.\n"
	"\n"
	"(This is Drydock's own hello-world, standing in for the one on Docker Hub.)\n"
	"\n";

int main(void)
{
	return fwrite(text, 1, sizeof(text) - 1, stdout) == sizeof(text) - 1 ? 0 : 1;
}
