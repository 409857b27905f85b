/* A password that is typed, or comes on standard input; never in a word of
 * the command line, which others can read. */
#ifndef SP_SALLYPORTCTL_SECRETINPUT_H
#define SP_SALLYPORTCTL_SECRETINPUT_H

#include <sallyport/types.h>

/* Of what crypt(3) takes. */
enum { SECRETINPUT_SIZE = 512 };

/*
 * From a terminal twice, without showing it; else the first line. False with
 * a phrase: they differ, it is empty or too long, or there is none. To be
 * wiped by who asked.
 */
SP_MUST_USE bool
secretinput_read(char secret[SECRETINPUT_SIZE], const char **problem);

#endif
