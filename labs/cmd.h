/* cmd.h - the lab kit's entry points for engine/cmd/main.c. */
#ifndef DRYDOCK_LABS_CMD_H
#define DRYDOCK_LABS_CMD_H

/* They take their own name as argv[0]; 0 done or yes, 1 no, 2 wrong usage.
 *
 *	drydock [--plain] [--lab N] [--learner ID] [--backend B] [--host URL] [--keep]
 *	drydock lab list|start|check|why|hint|reset|recap [N] [--json] [--learner ID] [--host URL]
 */
int cmd_shell(int argc, char **argv);
int cmd_attach_session(int argc, char **argv);	/* drydock attach-session [--plain] [--host URL] */
int cmd_lab(int argc, char **argv);

#endif
