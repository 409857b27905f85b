/* A profile's chroot: another root folder for a session and its programs. */
#ifndef SP_LOGIN_JAIL_H
#define SP_LOGIN_JAIL_H

#include <sallyport/types.h>

#include <limits.h>

enum { JAIL_PROBLEM_SIZE = PATH_MAX + 128 };

/*
 * Makes folder the root of this process, for good, and enters it. As in
 * sshd it must belong to root and be writable by nobody else, and so must
 * each folder above it: who could write there could make what a set-uid
 * program takes for the system's. Links are followed first, and none
 * after. Needs root. False with a phrase in problem.
 */
SP_MUST_USE bool
jail_enter(const char *folder, char problem[JAIL_PROBLEM_SIZE]);

#endif
