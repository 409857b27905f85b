/*
 * Has valgrind look whether code is constant in time: secrets are hidden,
 * which marks them as undefined, and each branch or index that depends on
 * one is counted.
 */
#ifndef SP_TESTS_SECRECY_H
#define SP_TESTS_SECRECY_H

#include <stddef.h>

void secrecy_hide(const void *, size_t);
/* From here on it is public, or nothing of the secret is in it. */
void secrecy_show(const void *, size_t);

/*
 * What main() returns: runs the body below valgrind, which it starts if need
 * be. 77, which counts as skipped, where there is none.
 */
int secrecy_run(void (*body)(void));

#endif
