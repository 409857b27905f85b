/* Counts allocations and lets the n-th fail, through the linker's --wrap. */
#include "tests/unit/alloc_fail.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
char *__wrap_strdup(const char *);

enum { ROUNDS_MAX = 100000 };

static struct {
	bool is_on;
	bool is_paused;
	bool goes_on; /* all fail from the n-th on */
	bool has_failed;
	unsigned long left; /* allocations that succeed yet */
	unsigned long seen;
} plan;

static bool
fails(void)
{
	if (plan.is_paused)
		return false;
	plan.seen++;
	if (!plan.is_on)
		return false;
	if (plan.left > 0) {
		plan.left--;
		return false;
	}
	if (plan.has_failed && !plan.goes_on)
		return false;
	plan.has_failed = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = __wrap_malloc(size);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

static void *
openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_malloc(size);
}

static void *
openssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(old, size);
}

static void
openssl_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void
alloc_fail_install(void)
{
	if (CRYPTO_set_mem_functions(
		openssl_malloc, openssl_realloc, openssl_free) != 1) {
		fprintf(stderr, "alloc_fail: OpenSSL has allocated already\n");
		abort();
	}
}

static void
run_rounds(void (*body)(void *context), void *context, unsigned long step,
    bool goes_on)
{
	for (unsigned long n = 0; n < ROUNDS_MAX * step; n += step) {
		plan.is_on = true;
		plan.goes_on = goes_on;
		plan.has_failed = false;
		plan.left = n;
		body(context);
		plan.is_on = false;
		if (!plan.has_failed)
			return;
	}
	fprintf(stderr, "alloc_fail: no end after %d rounds\n", ROUNDS_MAX);
	abort();
}

void
alloc_fail_each(void (*body)(void *context), void *context)
{
	alloc_fail_some(body, context, 1);
}

void
alloc_fail_some(void (*body)(void *context), void *context, unsigned long step)
{
	plan.has_failed = false;
	body(context);
	run_rounds(body, context, step, false);
	run_rounds(body, context, step, true);
}

unsigned long
alloc_fail_count(void (*body)(void *context), void *context)
{
	unsigned long before = plan.seen;

	plan.has_failed = false;
	body(context);
	return plan.seen - before;
}

bool
alloc_fail_happened(void)
{
	return plan.has_failed;
}

void
alloc_fail_stop(void)
{
	plan.is_on = false;
}

void
alloc_fail_pause(bool is_paused)
{
	plan.is_paused = is_paused;
}
