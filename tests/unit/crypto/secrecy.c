/* Secrecy by valgrind's memcheck. */
#include "tests/unit/crypto/secrecy.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

enum { SKIPPED = 77 };

void
secrecy_hide(const void *at, size_t len)
{
	VALGRIND_MAKE_MEM_UNDEFINED(at, len);
}

void
secrecy_show(const void *at, size_t len)
{
	VALGRIND_MAKE_MEM_DEFINED(at, len);
}

/* Whether a branch on a secret is noticed at all. */
static int
is_looking(void)
{
	volatile uint8_t secret = 3;
	volatile int branches = 0;

	secrecy_hide((const void *)(uintptr_t)&secret, sizeof secret);
	if (secret > 2)
		branches++;
	secrecy_show((const void *)(uintptr_t)&secret, sizeof secret);
	return branches >= 0 && VALGRIND_COUNT_ERRORS > 0;
}

static int
start_valgrind(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

	if (len > 0) {
		path[len] = '\0';
		execlp("valgrind", "valgrind", "-q", "--leak-check=no", path,
		    (char *)NULL);
	}
	printf("skipped: there is no valgrind to run it\n");
	return SKIPPED;
}

int
secrecy_run(void (*body)(void))
{
	unsigned before;

	if (!RUNNING_ON_VALGRIND)
		return start_valgrind();
	if (!is_looking()) {
		printf("a branch on a secret was not noticed\n");
		return 1;
	}
	before = (unsigned)VALGRIND_COUNT_ERRORS;
	body();
	if (VALGRIND_COUNT_ERRORS == before)
		return 0;
	printf("time depends on secrets, see above (the first is meant)\n");
	return 1;
}
