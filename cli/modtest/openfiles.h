/* The descriptors of this process: who leaves some open is told so. */
#ifndef SP_MODTEST_OPENFILES_H
#define SP_MODTEST_OPENFILES_H

/* How many are open; -1 where nobody can say. */
int openfiles_count(void);

#endif
