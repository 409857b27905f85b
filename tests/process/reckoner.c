/*
 * Part of the login program where sanitizers are built in: a process that ends
 * by _exit(), as one that was forked for a client does, looks for leaks first.
 * What it finds is told where the sanitizer says all else.
 */
#include <sanitizer/lsan_interface.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* TAKEOFF_FAILED, of a child that shares its parent's memory. */
#define NOT_STARTED 126

/* In a root of its own a process has no list of its threads to stop. */
static bool
can_look(void)
{
	return access("/proc/self/task", R_OK) == 0;
}

void
_exit(int status)
{
	if (status != NOT_STARTED && can_look())
		(void)__lsan_do_recoverable_leak_check();
	for (;;)
		syscall(SYS_exit_group, status);
}
