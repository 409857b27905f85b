/* Secrecy where nothing can look: no valgrind header, or a sanitizer. */
#include "tests/unit/crypto/secrecy.h"

#include <stdio.h>

enum { SKIPPED = 77 };

void
secrecy_hide(const void *at, size_t len)
{
	(void)at;
	(void)len;
}

void
secrecy_show(const void *at, size_t len)
{
	(void)at;
	(void)len;
}

int
secrecy_run(void (*body)(void))
{
	(void)body;
	printf("skipped: needs valgrind, and no sanitizer\n");
	return SKIPPED;
}
