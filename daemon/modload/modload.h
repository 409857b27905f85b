/*
 * Modules: found by type in the module folder, checked before any of
 * their code runs, loaded, and never unloaded.
 */
#ifndef SP_MODLOAD_MODLOAD_H
#define SP_MODLOAD_MODLOAD_H

#include <sallyport/storage.h>
#include <sys/types.h>

/* Sentences about modules fit into this. */
enum { MODLOAD_PROBLEM_SIZE = 512 };

/* Where modules are, and who, beside root, may own them. */
struct modload_folder {
	const char *path; /* absolute */
	uid_t owner;
	/* For who tries a module of his own: anybody's file will do. */
	bool is_lax;
};

/* A module as this daemon knows it: what it lacks is absent. */
struct modload_module {
	struct sp_module self;
	struct sp_auth_ops auth; /* size 0: it is no auth module */
	struct sp_handler_ops handler; /* size 0: it is no handler */
	struct sp_storage_ops storage; /* size 0: it is no storage */
};

/*
 * Opens TYPE.so. The file must be a regular one that belongs to root or
 * the owner and that nobody else may write; so must each folder above it,
 * but for folders with the sticky bit that are not the module folder
 * itself. False with a sentence in problem.
 */
SP_MUST_USE bool modload_open(const struct modload_folder *, const char *type,
    struct modload_module *, char problem[MODLOAD_PROBLEM_SIZE]);

/*
 * The row at a place of a table of options, the module's own or that of a
 * group; the last one has no name.
 */
struct sp_opt modload_option(
    const struct modload_module *, const struct sp_opt *table, size_t place);

#endif
