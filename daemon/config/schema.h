/*
 * One row a setting: from it come checking, the typed value, the default,
 * the effective dump and the manual's table. A table of rows describes a
 * group and ends with a row that has no name.
 */
#ifndef SP_CONFIG_SCHEMA_H
#define SP_CONFIG_SCHEMA_H

#include "daemon/config/mistake.h"
#include "daemon/config/tree.h"

/* The C type of the field at offset stands beside each type. */
enum schema_type {
	SCHEMA_STRING, /* const char * */
	SCHEMA_SECRET, /* const char *; never shown */
	SCHEMA_PATH, /* const char *; absolute, or begins with %h */
	SCHEMA_WORD, /* unsigned: index into words */
	SCHEMA_BOOL, /* bool */
	SCHEMA_INTEGER, /* int64_t */
	SCHEMA_COUNT, /* uint32_t; words[i] stands for min - 1 - i */
	SCHEMA_TIME, /* uint64_t, milliseconds */
	SCHEMA_SIZE, /* uint64_t, bytes */
	SCHEMA_RATE, /* uint64_t, bytes a second */
	SCHEMA_MODE, /* unsigned */
	SCHEMA_STRINGS, /* struct string_list */
	SCHEMA_PATHS, /* struct string_list */
	SCHEMA_PATTERNS, /* struct string_list */
	SCHEMA_CIDRS, /* struct cidr_list */
	SCHEMA_GROUP, /* struct described by group, inside this one */
	SCHEMA_GROUPS, /* struct schema_groups: ordered, without names */
	SCHEMA_MAP, /* struct schema_groups: named */
	SCHEMA_TREE, /* const struct tree_node *: checked elsewhere */
};

struct schema_row {
	const char *name;
	enum schema_type type;
	size_t offset; /* of the field in the struct of its table */
	const char *dflt; /* as it would be written; NULL: must be given */
	long long min; /* both 0: no range */
	long long max;
	const char *const *words; /* ends with NULL; NULL: no words */
	const struct schema_row *group;
	size_t size; /* of the struct that group fills */
	const char *meaning; /* one line, without a full stop */
};

#endif
