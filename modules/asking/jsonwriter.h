/*
 * One JSON object on one line (RFC 8259), into memory of the caller's: a
 * writer that latches failure, so that it is looked at once, at the end.
 */
#ifndef SP_ASKING_JSONWRITER_H
#define SP_ASKING_JSONWRITER_H

#include <sallyport/types.h>

struct jsonwriter {
	char *room;
	size_t size, len;
	bool has_members;
	bool failed; /* there was no room, or a text was no UTF-8 */
};

void jsonwriter_begin(struct jsonwriter *, char *room, size_t size);
void
jsonwriter_string(struct jsonwriter *, const char *name, const char *value);
void jsonwriter_number(struct jsonwriter *, const char *name, uint64_t);
void jsonwriter_bool(struct jsonwriter *, const char *name, bool);
/* The length, with the newline at the end; 0 where it failed. */
SP_MUST_USE size_t jsonwriter_end(struct jsonwriter *);

/* How many bytes the character at the front has; 0 for what is no UTF-8. */
size_t jsonwriter_character(struct sp_view);

#endif
