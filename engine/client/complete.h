/* complete.h - what a half-typed docker command line may go on with: data for
 * the shell's line editor and for bash's completion.
 *
 * The verbs and options come from the same tables as the parser; names of
 * containers, images, networks and volumes are asked of the daemon, quietly:
 * where none answers there are none.
 */
#ifndef DRYDOCK_CLIENT_COMPLETE_H
#define DRYDOCK_CLIENT_COMPLETE_H

#include <stdbool.h>

/* What an argument or an option's value names. */
enum complete_kind {
	COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_CONTAINER, COMPLETE_RUNNING, COMPLETE_STOPPED,
	COMPLETE_IMAGE, COMPLETE_NETWORK, COMPLETE_VOLUME, COMPLETE_SIGNAL, COMPLETE_CAPABILITY,
	COMPLETE_OBJECT,
};

/* words[0..n): the line after "docker"; words[n-1] is the one being typed, ""
 * right after a space.  The candidates fit it whole, sorted, each once; owned by
 * the caller (strv_free), never NULL.  *files: file names fit as well. */
char **docker_complete(int n, char *const *words, bool *files);

/* `docker __complete WORD...`: the candidates for a shell; returns the exit code. */
int complete_print(int n, char *const *words);

#endif
