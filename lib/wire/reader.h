/*
 * Reads the data types of RFC 4251 section 5 from a view. A failure is
 * latched: after the first, everything reads as zero or empty, so a
 * decoder is the RFC's field list in order and one reader_finish().
 */
#ifndef SP_WIRE_READER_H
#define SP_WIRE_READER_H

#include "lib/wire/view.h"

struct reader {
	const uint8_t *next;
	size_t left;
	bool failed;
};

void reader_init(struct reader *, struct sp_view);

uint8_t reader_u8(struct reader *);
bool reader_bool(struct reader *); /* any non-zero byte is true */
uint32_t reader_u32(struct reader *);
uint64_t reader_u64(struct reader *);
/* len raw bytes, borrowed from the view. */
struct sp_view reader_bytes(struct reader *, size_t len);
/* A string: uint32 length and that many bytes, borrowed. */
struct sp_view reader_string(struct reader *);
/* A string of at most max bytes; a longer one fails. */
struct sp_view reader_string_max(struct reader *, size_t max);
/*
 * A name-list (RFC 4251 5): printable US-ASCII, no empty names. Borrowed,
 * still joined by commas; see namelist.h. One at the end, as libssh 0.10 has
 * it behind its ciphers, is left out.
 */
struct sp_view reader_namelist(struct reader *);
/*
 * A non-negative mpint, without its sign byte: minimal, else it fails.
 * Zero is the empty view.
 */
struct sp_view reader_mpint(struct reader *);
/* All that is left; always succeeds. */
struct sp_view reader_rest(struct reader *);

/* Latches a failure from outside: a field's value made no sense. */
void reader_fail(struct reader *);

/* SP_OK when all was there and nothing is left. */
SP_MUST_USE enum sp_status reader_finish(const struct reader *);

#endif
