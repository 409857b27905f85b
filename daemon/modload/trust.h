/* Who may change a file whose word counts: a module, a program. */
#ifndef SP_MODLOAD_TRUST_H
#define SP_MODLOAD_TRUST_H

#include "daemon/modload/modload.h"

/*
 * True when an existing file, and each folder above it, belongs to root or
 * to owner, and nobody else may write it. In a sticky folder nobody can
 * replace what is not his: such are the folders good that stand no less
 * than so many places above the file. False with a sentence.
 */
SP_MUST_USE bool trust_check(const char *path, uid_t owner, size_t above,
    char problem[MODLOAD_PROBLEM_SIZE]);

#endif
