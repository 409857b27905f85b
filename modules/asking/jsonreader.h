/*
 * Strict reading of JSON (RFC 8259) that a stranger wrote: an object whose
 * members are asked for one by one. Failure is latched. Whole numbers only;
 * strings are UTF-8 without NUL; a name that comes twice is the caller's to
 * refuse. It allocates nothing.
 */
#ifndef SP_ASKING_JSONREADER_H
#define SP_ASKING_JSONREADER_H

#include <sallyport/types.h>

enum { JSONREADER_NAME_SIZE = 64 };

struct jsonreader {
	struct sp_view rest;
	bool failed;
};

/* Where an object is; on the caller's stack, one inside the other. */
struct jsonobject {
	bool has_begun;
};

void jsonreader_init(struct jsonreader *, struct sp_view text);

/*
 * The name of the next member, whose value is to be read next. False at the
 * object's end, and after a failure.
 */
SP_MUST_USE bool jsonreader_next(
    struct jsonreader *, struct jsonobject *, char name[JSONREADER_NAME_SIZE]);

/* Each reads one value, or fails; nothing else is left in *value then. */
void jsonreader_string(struct jsonreader *, char *value, size_t size);
uint64_t jsonreader_number(struct jsonreader *);
bool jsonreader_bool(struct jsonreader *);
/* Which of the two is next is seen at the front. */
bool jsonreader_is_object(struct jsonreader *);

void jsonreader_fail(struct jsonreader *);
/* True where nothing failed and nothing but blanks is left. */
SP_MUST_USE bool jsonreader_end(struct jsonreader *);

#endif
