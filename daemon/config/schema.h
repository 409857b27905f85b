/*
 * One row a setting: from it come checking, the typed value, the default,
 * the effective dump and the manual's table. A table of rows describes a
 * group and ends with a row that has no name.
 */
#ifndef SP_CONFIG_SCHEMA_H
#define SP_CONFIG_SCHEMA_H

#include "daemon/config/mistake.h"
#include "daemon/config/tree.h"
#include "lib/crypto/algorithm.h"

/* The C type of the field at offset stands beside each type. */
enum schema_type {
	SCHEMA_STRING, /* const char * */
	SCHEMA_SECRET, /* const char *; never shown */
	SCHEMA_PATH, /* const char *; absolute, or begins with %h */
	SCHEMA_TEXT, /* const char *; its % are replaced, it may have lines */
	SCHEMA_WORD, /* unsigned: index into words */
	SCHEMA_BOOL, /* bool */
	SCHEMA_INTEGER, /* int64_t */
	SCHEMA_COUNT, /* uint32_t; words[i] stands for min - 1 - i */
	SCHEMA_TIME, /* uint64_t, milliseconds */
	SCHEMA_SIZE, /* uint64_t, bytes */
	SCHEMA_RATE, /* uint64_t, bytes a second */
	SCHEMA_MODE, /* unsigned */
	SCHEMA_STRINGS, /* struct string_list; words, if any, are all */
	SCHEMA_PATHS, /* struct string_list */
	SCHEMA_PATTERNS, /* struct string_list */
	SCHEMA_WHO, /* struct string_list of patterns; true: all, false: none */
	SCHEMA_ARGV, /* struct string_list: a program's path, its arguments */
	SCHEMA_VARIABLES, /* struct string_list of "NAME=value" */
	SCHEMA_CIDRS, /* struct cidr_list */
	SCHEMA_NAMES, /* const struct tree_node *: a group of strings */
	SCHEMA_GROUP, /* a struct, described by group; a word: its first */
	SCHEMA_GROUPS, /* struct schema_groups: in order, without names */
	SCHEMA_MAP, /* struct schema_groups: named, in order */
	/*
	 * const struct tree_node *: a use of a module, whose options are
	 * checked elsewhere; NULL: not given. dflt is its type. A word: so.
	 */
	SCHEMA_STORAGE,
};

struct schema_row {
	const char *name;
	enum schema_type type;
	size_t offset; /* of the field in the struct of its table */
	/*
	 * As it would be written, without quotes; the members of a list
	 * with a blank between them. NULL: must be given.
	 */
	const char *dflt;
	/*
	 * In the unit of the field; of a list the numbers of its members.
	 * Both 0: no range.
	 */
	long long min;
	long long max;
	/*
	 * Ends with NULL; NULL where there are none. SCHEMA_PATH and
	 * SCHEMA_PATHS take these words beside paths.
	 */
	const char *const *words;
	algorithm_row *algorithms; /* what a list of names is about, or NULL */
	/* Of what a group holds; NULL in a map: checked elsewhere. */
	const struct schema_row *group;
	size_t size; /* of the struct that group fills */
	const char *meaning; /* one line, without a full stop */
};

#define SCHEMA_END \
	{ \
		.name = NULL \
	}

/* Several groups of one table. */
struct schema_groups {
	void *items; /* count structs; NULL where nothing is filled */
	size_t count;
	struct tree_node *const *nodes;
};

/* Where values go to, and mistakes. */
struct schema_reader {
	struct arena *arena;
	struct mistakes *mistakes;
	const char *file; /* to blame when there is no node */
};

/*
 * Checks a group (NULL: an empty one) by its rows and fills target, or
 * only checks when target is NULL. What is wrong is left zero. A lone
 * value where a list of groups is wanted, or in it where a group is,
 * becomes one in the tree, with the value as its first setting.
 */
void schema_read(struct schema_reader *, const struct schema_row *rows,
    struct tree_node *group, void *target);

/* The row of a name; NULL when there is none. */
const struct schema_row *
schema_find(const struct schema_row *rows, const char *name);

/* Tells a mistake of a node: "file:line: path: ...". */
__attribute__((format(printf, 3, 4))) void schema_complain(
    struct schema_reader *, const struct tree_node *, const char *format, ...);

#endif
