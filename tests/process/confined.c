/*
 * confined FILE PROGRAM [ARGUMENT...]: runs it as systemd does with
 * SystemCallFilter= (FILE has the names, one a line), SystemCallErrorNumber=
 * EPERM, MemoryDenyWriteExecute=, RestrictNamespaces= and
 * RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define DENY SCMP_ACT_ERRNO(EPERM)

static const int namespaces[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS,
	CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };

/* Names that this machine does not know are of others, and passed over. */
static bool
allow_names(scmp_filter_ctx filter, const char *path)
{
	char name[128];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return false;
	while (fscanf(file, "%127s", name) == 1) {
		int number = seccomp_syscall_resolve_name(name);

		/* These have rules of their own, in other filters. */
		if (number >= 0)
			seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	fclose(file);
	return true;
}

/* What a second filter denies; the stricter verdict counts. */
static bool
deny_rest(scmp_filter_ctx filter)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;
	bool done = true;

	for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
		uint64_t flag = (uint64_t)namespaces[i];

		done = done &&
		    seccomp_rule_add(filter, DENY, SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) == 0 &&
		    seccomp_rule_add(filter, DENY, SCMP_SYS(unshare), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) == 0;
	}
	for (int family = 0; family < AF_MAX; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    family != AF_INET6)
			done = done &&
			    seccomp_rule_add(filter,
				SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
				1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)family)) == 0;
	return done &&
	    seccomp_rule_add(filter, DENY, SCMP_SYS(setns), 0) == 0 &&
	    seccomp_rule_add(filter, DENY, SCMP_SYS(mmap), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, both, both)) == 0 &&
	    seccomp_rule_add(filter, DENY, SCMP_SYS(mprotect), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)) == 0;
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx allowed = seccomp_init(DENY);
	scmp_filter_ctx denied = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 3 || allowed == NULL || denied == NULL ||
	    !allow_names(allowed, argv[1]) || !deny_rest(denied)) {
		fprintf(stderr, "confined: no filter can be made\n");
		return EXIT_FAILURE;
	}
	/* The first one may keep the second from being loaded. */
	if (seccomp_load(denied) != 0 || seccomp_load(allowed) != 0) {
		perror("confined");
		return EXIT_FAILURE;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return EXIT_FAILURE;
}
