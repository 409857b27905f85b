/*
 * Makes allocations fail, one after the other, to show that each failure
 * is survived: reported, nothing leaked, nothing half done. The program is
 * linked with alloc_fail.c and $(ALLOC_FAIL_LINK), which bring every
 * allocation here that is made by objects and archives linked into it, and
 * those of OpenSSL.
 */
#ifndef SP_TESTS_ALLOC_FAIL_H
#define SP_TESTS_ALLOC_FAIL_H

#include <stdbool.h>

/* Called first of all in main(), before OpenSSL allocates anything. */
void alloc_fail_install(void);

/*
 * Runs body once as it is, then with its first allocation failing, then
 * with its second, and so on until it needs no more; and all of that again
 * with every allocation failing from the n-th on. Body begins anew each
 * time, and frees all it has made.
 */
void alloc_fail_each(void (*body)(void *context), void *context);

/* The same with every step-th allocation only, where a body makes many. */
void
alloc_fail_some(void (*body)(void *context), void *context, unsigned long step);

/* How many allocations body makes. */
unsigned long alloc_fail_count(void (*body)(void *context), void *context);

/* For body: whether an allocation has failed since it began. */
bool alloc_fail_happened(void);

/* For body: what comes next (a check, say) does not fail. */
void alloc_fail_stop(void);

/* For body: nothing fails or counts for a while; false: the while is over. */
void alloc_fail_pause(bool);

#endif
