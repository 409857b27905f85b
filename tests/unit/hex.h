/* Test vectors as text: hexadecimal to bytes. */
#ifndef SP_TESTS_HEX_H
#define SP_TESTS_HEX_H

#include "lib/wire/view.h"

#include <assert.h>

static inline uint8_t
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, c);

	assert(c != '\0' && at != NULL);
	return (uint8_t)(at - digits);
}

/* Bytes of text in room, which is large enough. */
static inline struct sp_view
hex_bytes(const char *text, uint8_t *room)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 |
		    hex_digit(text[2 * i + 1]));
	return view_of(room, len);
}

#endif
