/* Reads, checks and types the configuration. */
#ifndef SP_CONFIG_LOADER_H
#define SP_CONFIG_LOADER_H

#include "daemon/config/mistake.h"
#include "daemon/config/schema.h"
#include "daemon/config/settings.h"

/* Read by root when no file is named and this one is there. */
#define LOADER_DEFAULT_PATH SP_SYSCONFDIR "/sallyport/sallyportd.conf"

enum loader_kind { LOADER_AUTH, LOADER_HANDLER, LOADER_STORAGE };

/* What a module says about itself; lent until the load is over. */
struct loader_module {
	const char *serves; /* "publickey"; "shell,exec" */
	const struct schema_row *options; /* ends with a row without name */
	bool has_service; /* it wants a process of its own */
};

/*
 * Describes the module that a type names. False, with a sentence in
 * problem, when there is none that serves.
 */
typedef bool loader_describer(void *arg, enum loader_kind, const char *type,
    struct loader_module *, char *problem, size_t size);

struct loader_request {
	const char *path; /* NULL: the default file, if there is one */
	/* NULL: the modules' options are carried unchecked. */
	loader_describer *describe;
	void *describe_arg;
};

/*
 * NULL when there are mistakes, every one of them told. Otherwise the
 * caller frees the settings with settings_free().
 */
struct settings *loader_read(const struct loader_request *, struct mistakes *);

#endif
