/* sallyportctl user: the file of users that the module userfile reads. */
#ifndef SP_SALLYPORTCTL_USERCOMMAND_H
#define SP_SALLYPORTCTL_USERCOMMAND_H

extern const char usercommand_help[]; /* lines of the usage */

/* The words behind "user". What the program exits with. */
int usercommand_run(int argc, char *const argv[]);

#endif
