/*
 * Preloaded: lets an allocation fail, the n-th or all from the n-th on, in
 * the process that a test names while the programs run. The test and all
 * programs share the plan through a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

enum role {
	NOBODY,
	GATE,
	KEYHOLDER,
	ZYGOTE,
	LOGIN,
	SUPERVISOR,
	LEDGER,
	SERVICE,
};

/* As test_no_memory.py has it. */
struct plan {
	uint64_t role; /* whose allocations are meant */
	uint64_t nth; /* that fails; 0: none */
	uint64_t goes_on; /* and all behind it */
	uint64_t seen; /* so far */
	uint64_t failed;
};

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static volatile struct plan *plan;
static enum role role;
static pid_t first;

static enum role
find_role(void)
{
	static const struct {
		const char *program;
		enum role role;
	} roles[] = {
		{ "sallyport-gate", GATE },
		{ "sallyport-keyholder", KEYHOLDER },
		{ "sallyport-login", ZYGOTE },
		{ "sallyportd", SUPERVISOR },
		{ "sallyport-ledger", LEDGER },
		{ "sallyport-service", SERVICE },
	};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		if (strcmp(program_invocation_short_name, roles[i].program) ==
		    0)
			return roles[i].role;
	return NOBODY;
}

__attribute__((constructor)) static void
find_plan(void)
{
	const char *path = getenv("FAMINE");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *room;

	if (fd < 0)
		return;
	role = find_role();
	first = getpid();
	room =
	    mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (room != MAP_FAILED)
		plan = room;
	close(fd);
}

/*
 * What a zygote forks is a login, and then a session; what a keyholder forks
 * is his worker. What the others fork is about to become something else.
 */
static int
is_meant(void)
{
	if (plan == NULL || plan->role == NOBODY)
		return 0;
	if (role == KEYHOLDER || getpid() == first)
		return plan->role == role;
	return role == ZYGOTE && plan->role == LOGIN;
}

static int
fails(void)
{
	uint64_t number;

	if (!is_meant())
		return 0;
	number = ++plan->seen;
	if (plan->nth == 0 || number < plan->nth ||
	    (number > plan->nth && !plan->goes_on))
		return 0;
	plan->failed++;
	errno = ENOMEM;
	return 1;
}

SHOWN void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

SHOWN void *
calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

SHOWN void *
realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
