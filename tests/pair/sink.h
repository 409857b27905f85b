/*
 * A channel whose client sends one stream of counted bytes, each of which
 * the server's owner checks.
 */
#ifndef SP_TESTS_SINK_H
#define SP_TESTS_SINK_H

#include "tests/pair/pair.h"

/* What the server's side gets, checked to be one stream of counted bytes. */
struct sink {
	uint32_t position;
	size_t takes; /* of each view; the rest stays queued */
	bool is_lazy; /* takes nothing until told */
};

/* A pair with a channel whose server's side counts bytes. */
uint32_t sink_start(struct pair *p, struct sink *sink);

/* Takes so many at most out of the server's queue. */
void
sink_drain(struct pair *p, struct sink *sink, uint32_t channel, size_t most);

/* The client reserves, fills at most len bytes, commits; what was sent. */
size_t sink_feed(struct pair *p, uint32_t channel, size_t want, size_t len,
    uint32_t position);

/* What stands at a place of the stream. */
uint8_t sink_byte(uint32_t position);

/* Writes what comes from there on, at most len; how much it was. */
size_t
sink_fill(const struct iovec *iov, size_t count, size_t len, uint32_t position);

#endif
