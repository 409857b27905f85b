/*
 * "sallyportd new-module": a folder with a module that builds, and a script
 * that tries it. Nothing that is there already is changed.
 */
#ifndef SP_SUPERVISOR_SEEDLING_H
#define SP_SUPERVISOR_SEEDLING_H

/*
 * argv: the name, which is the folder's too, and perhaps "auth" (where there
 * is none) or "handler". Tells on standard output what it wrote and what to
 * type next, on standard error why it wrote nothing; the exit status.
 */
int seedling_plant(int argc, char *const argv[]);

#endif
