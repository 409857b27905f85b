/* Views: bytes that belong to somebody else, and how to compare them. */
#ifndef SP_WIRE_VIEW_H
#define SP_WIRE_VIEW_H

#include <sallyport/types.h>

#include <string.h>

static inline struct sp_view
view_of(const void *data, size_t len)
{
	return (struct sp_view){ .data = data, .len = len };
}

static inline struct sp_view
view_of_string(const char *s)
{
	return sp_text(s);
}

/* Not in constant time: for names and numbers, never for secrets. */
static inline bool
view_equal(struct sp_view a, struct sp_view b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
view_equal_string(struct sp_view v, const char *s)
{
	return sp_view_is(v, s);
}

/* True when the length and every byte are equal; time depends on len only. */
bool view_equal_secret(struct sp_view a, struct sp_view b);

/*
 * Copies the view into room (size bytes) as a C string. False, with room
 * untouched, when it does not fit or holds a NUL.
 */
bool view_to_string(struct sp_view, char *room, size_t size);

/* True when a byte is below 0x20 or is 0x7f: never shown, never a name. */
bool view_has_control(struct sp_view);

#endif
