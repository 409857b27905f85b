/* A wrapped allocator that counts what is out, as the allocator rounds it. */
#include "tests/unit/alloc_meter.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void __real_free(void *);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
void __wrap_free(void *);
char *__wrap_strdup(const char *);
char *__wrap_strndup(const char *, size_t);

static size_t now, peak;

static void *
counted(void *memory)
{
	now += malloc_usable_size(memory);
	if (now > peak)
		peak = now;
	return memory;
}

void *
__wrap_malloc(size_t size)
{
	return counted(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return counted(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	size_t before = malloc_usable_size(old);
	void *memory = __real_realloc(old, size);

	if (memory == NULL && size > 0)
		return NULL;
	now -= before;
	return counted(memory);
}

void
__wrap_free(void *memory)
{
	now -= malloc_usable_size(memory);
	__real_free(memory);
}

char *
__wrap_strndup(const char *text, size_t most)
{
	size_t len = strnlen(text, most);
	char *copy = __wrap_malloc(len + 1);

	if (copy != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

char *
__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
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
	__wrap_free(memory);
}

void
alloc_meter_install(void)
{
	if (CRYPTO_set_mem_functions(
		openssl_malloc, openssl_realloc, openssl_free) != 1) {
		fprintf(stderr, "alloc_meter: OpenSSL has allocated already\n");
		abort();
	}
}

size_t
alloc_meter_now(void)
{
	return now;
}

size_t
alloc_meter_peak(void)
{
	return peak;
}

void
alloc_meter_forget_peak(void)
{
	peak = now;
}
