/*
 * Counts the bytes that are allocated, through the linker's --wrap as
 * alloc_fail.h does: now, and at most since it was last asked to forget.
 */
#ifndef SP_TESTS_ALLOC_METER_H
#define SP_TESTS_ALLOC_METER_H

#include <stddef.h>

/* Called first of all in main(), before OpenSSL allocates anything. */
void alloc_meter_install(void);

size_t alloc_meter_now(void);
size_t alloc_meter_peak(void);
void alloc_meter_forget_peak(void);

#endif
