/* "sallyportctl keydb": the index of the module keydb. */
#ifndef SP_SALLYPORTCTL_KEYDBCOMMAND_H
#define SP_SALLYPORTCTL_KEYDBCOMMAND_H

extern const char keydbcommand_help[];

/* The words behind "keydb"; the exit status of the program. */
int keydbcommand_run(int argc, char *const argv[]);

#endif
