/*
 * What each message of message.def consists of: its fields in their order,
 * with values that are right, how long each may be, and how a connection
 * ends where a field says something else. A row of message.def or of
 * userauth/method.def without a shape does not compile.
 */
#ifndef SP_TESTS_SHAPE_H
#define SP_TESTS_SHAPE_H

#include "lib/message.h"
#include "tests/pair/pair.h"

struct buffer;

/* The channels of the victim's that bodies are about. */
enum { SHAPE_CHANNEL_THERE = 0, SHAPE_CHANNEL_WANTED = 1 };

/* The most fields that one has. */
enum { SHAPE_FIELDS = 16 };

enum shape_kind {
	SHAPE_END, /* no field: behind the last */
	SHAPE_BOOLEAN,
	SHAPE_NUMBER, /* uint32 */
	SHAPE_STRING,
	SHAPE_NAMES, /* name-list */
	SHAPE_MPINT,
	SHAPE_BYTES, /* as many as there are here: a cookie */
	SHAPE_REST, /* whatever is left: of a name or type, or of nobody */
};

struct shape_field {
	enum shape_kind kind;
	uint32_t number; /* of a boolean or uint32 */
	struct sp_view text; /* of all others */
	const struct sp_view *found; /* in its place: known at run time */
	size_t max; /* of a string; 0: as much as a packet holds */
	bool decides; /* with another value other fields follow */
	bool optional; /* it may be left out */

	/* How a connection ends; SP_OK: as where the value is right. */
	enum sp_status if_empty; /* no text; the number 0 */
	enum sp_status if_other; /* text of 'x'; the largest number */
	enum sp_status if_longer; /* than max; SP_OK: malformed */
};

struct shape {
	enum message_number number;
	size_t row; /* in the table of messages */
	const struct shape_field *fields;
};

/* Of each row. */
const struct shape *shape_of(const struct message *);
/* All there are, more than one of some rows; then NULL. */
const struct shape *shape_row(size_t index);

/* Called first, for those of which parts are the pair's. */
void shape_prepare(const struct pair *, bool is_strict);
/*
 * The payload in the place of what the buffer had; and where each field
 * begins (NULL: not wanted).
 */
void shape_write(const struct shape *, struct buffer *payload, size_t *places);

/*
 * What a payload is when it is read as this: SP_ERR_FORMAT, SP_ERR_TRAILING,
 * or SP_OK where all fields are there and nothing else.
 */
enum sp_status shape_check(const struct shape *, struct sp_view payload);

/* How a connection ends that gets it in its place: SP_OK where it does not. */
enum sp_status shape_end(const struct shape *);
/* Whether it may end so when the fields are there, but with other values. */
bool shape_may_end(const struct shape *, enum sp_status);

#endif
