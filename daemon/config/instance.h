/* The groups of auth and handlers: each is one use of a module. */
#ifndef SP_CONFIG_INSTANCE_H
#define SP_CONFIG_INSTANCE_H

#include "daemon/config/loader.h"

struct instance {
	const char *type; /* NULL when it is missing */
	const char *serves; /* "" when nobody described the module */
	bool has_service;
	/* What may be set in the group; NULL when nobody knows. */
	const struct schema_row *rows;
	char problem[200]; /* why the module cannot be used; or "" */
};

/* Has the module of one group described. */
void instance_describe(struct arena *, const struct loader_request *,
    enum loader_kind, const struct tree_node *group, struct instance *);

/* One for each group, every mistake in them told. */
const struct module_settings *
instance_resolve(struct schema_reader *, const struct loader_request *,
    enum loader_kind, const struct schema_groups *);

#endif
