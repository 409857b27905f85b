/*
 * Asking what a module says about itself without loading it here: the
 * login program is run for it ("sallyport-login --describe"), which knows
 * every function that modules call.
 */
#ifndef SP_MODLOAD_INQUIRY_H
#define SP_MODLOAD_INQUIRY_H

#include "daemon/config/loader.h"

struct inquiry {
	const char *program; /* the login program */
	const char *folder; /* of modules; NULL: the program's own */
	struct arena *arena; /* for the answers */
};

/* A loader_describer; arg is a struct inquiry. */
bool inquiry_describe(void *arg, enum loader_kind, const char *type,
    struct loader_module *, char *problem, size_t size);

#endif
