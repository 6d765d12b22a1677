/* mount_options.h - the words of `mount -o`, as flags of mount(2).
 *
 * mount(8) lists them as options of every filesystem; what it doesn't know is the
 * filesystem's own and goes to it as text.
 */
#ifndef DRYDOCK_CORE_MOUNT_OPTIONS_H
#define DRYDOCK_CORE_MOUNT_OPTIONS_H

/* "ro,noexec,size=1m": changes *flags by the words known, returns the rest, joined by
 * commas ("size=1m").  The caller frees. */
char *mount_options_take(const char *text, unsigned long *flags);

#endif
