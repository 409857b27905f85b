/* Reads, checks and types the configuration. */
#ifndef SP_CONFIG_LOAD_H
#define SP_CONFIG_LOAD_H

#include "daemon/config/mistake.h"
#include "daemon/config/schema.h"
#include "daemon/config/settings.h"

enum load_kind { LOAD_AUTH, LOAD_HANDLER };

/* What a module says about itself; lent until the load is over. */
struct load_module {
	const char *serves; /* "publickey"; "shell,exec" */
	const struct schema_row *options; /* ends with a row without name */
};

/*
 * Describes the module that a type names. False, with a sentence in
 * problem, when there is none that serves.
 */
typedef bool load_describer(void *arg, enum load_kind, const char *type,
    struct load_module *, char *problem, size_t size);

struct load_request {
	const char *path; /* NULL: the default file, if there is one */
	/* NULL: the modules' options are carried unchecked. */
	load_describer *describe;
	void *describe_arg;
};

/*
 * NULL when there are mistakes, every one of them told. Otherwise the
 * caller frees the settings with settings_free().
 */
struct settings *load_settings(const struct load_request *, struct mistakes *);

#endif
