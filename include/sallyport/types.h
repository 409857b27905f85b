/*
 * What every public header of Sallyport shares: the view, which borrows
 * bytes, and the status, which names what went wrong.
 */
#ifndef SALLYPORT_TYPES_H
#define SALLYPORT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#define SP_PUBLIC   __attribute__((visibility("default")))
#define SP_MUST_USE __attribute__((warn_unused_result))
#else
#define SP_PUBLIC
#define SP_MUST_USE
#endif

/* Bytes that belong to somebody else; data may be NULL when len is 0. */
struct sp_view {
	const uint8_t *data;
	size_t len;
};

/* A view of a text, without its NUL. */
static inline struct sp_view
sp_text(const char *text)
{
	struct sp_view v;

	v.data = (const uint8_t *)text;
	v.len = strlen(text);
	return v;
}

/* Whether the bytes are this text. Not in constant time. */
static inline bool
sp_view_is(struct sp_view v, const char *text)
{
	return v.len == strlen(text) &&
	    (v.len == 0 || memcmp(v.data, text, v.len) == 0);
}

/* The same bytes? In a time that depends on the lengths alone. */
SP_PUBLIC bool sp_view_equal(struct sp_view, struct sp_view);

/*
 * One name for each cause a caller can act on; 0 is success. The rows,
 * with their texts and the disconnect reason (RFC 4253 11.1) each leads
 * to, are in <sallyport/status.def>.
 */
enum sp_status {
#define STATUS(name, reason, text) SP_##name,
#include <sallyport/status.def>
#undef STATUS
};

/* The fixed text of a status, without a full stop; never NULL. */
SP_PUBLIC const char *sp_status_text(enum sp_status);

/* The name of a status as logs show it ("ERR_MAC"); never NULL. */
SP_PUBLIC const char *sp_status_name(enum sp_status);

#ifdef __cplusplus
}
#endif

#endif
