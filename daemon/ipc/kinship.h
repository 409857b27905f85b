/*
 * Whether the programs that talk are of one version: a file may be replaced
 * while the daemon runs. Asked before anything else is said, in a way that
 * no version may change: an environment variable, and an exit status.
 */
#ifndef SP_IPC_KINSHIP_H
#define SP_IPC_KINSHIP_H

#define KINSHIP_VARIABLE "SALLYPORT_VERSION"

enum { KINSHIP_EXIT_STATUS = 76 /* EX_PROTOCOL */ };

/* Ours, as the variable's value has it. */
extern const char kinship_version[];

/*
 * The first thing a program does that sallyportd starts: ends it, with
 * that status and no word, where it was started by another version. What is
 * run from an open file has its name from here.
 */
void kinship_require(const char *name);

#endif
