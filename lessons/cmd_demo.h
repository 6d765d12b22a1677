/* cmd_demo.h - `drydock demo`: a demonstration before a class. */
#ifndef DRYDOCK_LESSONS_CMD_DEMO_H
#define DRYDOCK_LESSONS_CMD_DEMO_H

/* drydock demo [NAME | FILE | LESSON] [--speed N] [--rehearse] [--record FILE] [--notes]
 *
 * argv[0] is "demo".  0: all came as the script says; 1: something did not; 2: wrong usage,
 * or it could not be run; 130: it was stopped. */
int cmd_demo(int argc, char **argv);

#endif
