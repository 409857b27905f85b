/* A group of `auth` or `handlers`: a module with its options. */
#ifndef SP_MODLOAD_MODGROUP_H
#define SP_MODLOAD_MODGROUP_H

#include "daemon/config/settings.h"
#include "daemon/modload/modload.h"

struct modgroup {
	const char *name; /* of the group; borrowed from the settings */
	struct modload_module module;
	const void *conf; /* the module's own struct, filled in */
	bool counts; /* it, or a storage of its options, needs counters */
};

/*
 * Loads the module of a group, fills its options, loads the storages that
 * these name, and starts it. All
 * memory is the arena's. False with a sentence in problem.
 */
SP_MUST_USE bool modgroup_load(struct modgroup *, enum sp_kind kind,
    const struct module_settings *, const struct modload_folder *,
    struct arena *, char problem[MODLOAD_PROBLEM_SIZE]);

#endif
