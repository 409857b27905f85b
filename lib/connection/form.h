/*
 * What stands behind a name in the connection protocol, as rows: the
 * fields in the RFC's order, each with its place in the struct that holds
 * their values. One reader and one writer serve every row.
 */
#ifndef SP_CONNECTION_FORM_H
#define SP_CONNECTION_FORM_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

enum form_type {
	FORM_END,
	FORM_STRING, /* struct sp_view */
	FORM_NUMBER, /* uint32_t, from least to most */
	FORM_BOOL, /* bool */
	FORM_REST, /* struct sp_view: bytes to the end */
	FORM_RESERVED_STRING, /* no value: sent empty, not looked at */
	FORM_RESERVED_NUMBER,
};

struct form_field {
	enum form_type type;
	size_t place; /* offsetof its value */
	uint32_t least;
	uint32_t most;
};

enum { FORM_FIELDS = 7, FORM_PORT_MAX = 65535 };

struct form {
	const char *name; /* NULL: what is not known */
	bool has_no_reply; /* the RFC has none to it */
	struct form_field fields[FORM_FIELDS]; /* the last is FORM_END */
};

/* clang-format off */
/* Fields, by the path of their value in a type. */
#define FORM_A_STRING(type, path) { FORM_STRING, offsetof(type, path), 0, 0 }
#define FORM_A_BOOL(type, path) { FORM_BOOL, offsetof(type, path), 0, 0 }
#define FORM_A_REST(type, path) { FORM_REST, offsetof(type, path), 0, 0 }
#define FORM_A_NUMBER(type, path) FORM_BETWEEN(type, path, 0, UINT32_MAX)
#define FORM_A_PORT(type, path) FORM_BETWEEN(type, path, 0, FORM_PORT_MAX)
#define FORM_BETWEEN(type, path, least, most) \
	{ FORM_NUMBER, offsetof(type, path), least, most }
#define FORM_RESERVED(kind) { FORM_RESERVED_##kind, 0, 0, 0 }
#define FORM_NOTHING { FORM_END, 0, 0, 0 }

/* Rows: of what may have a reply, and of what has none. */
#define FORM_ASKED(name, ...) { name, false, { __VA_ARGS__ } }
#define FORM_TOLD(name, ...) { name, true, { __VA_ARGS__ } }
/* clang-format on */

/* The row of a name; 0, which is that of what is not known, if none. */
size_t form_find(const struct form *, size_t count, struct sp_view name);

/* Rows but the first; NULL when there is none. */
static inline const struct form *
form_at(const struct form *forms, size_t count, size_t row)
{
	return row == 0 || row >= count ? NULL : &forms[row];
}

/*
 * Reads all of the data into values, and nothing where the name is not
 * known. SP_ERR_FORMAT, where a number is out
 * of its range as well, or SP_ERR_TRAILING: some values may be set then.
 */
SP_MUST_USE enum sp_status
form_read(const struct form *, struct sp_view data, void *values);

/*
 * Writes the values; a number out of its range is SP_ERR_ARGUMENT, which
 * the writer keeps.
 */
void form_write(const struct form *, const void *values, struct writer *);

/* Of a name that only the owner knows: the values are one struct sp_view. */
struct form form_of_bytes(const char *name);

#endif
