/*
 * Base64 without tables: private keys pass through here, and a table's
 * cache lines would tell which characters were looked up.
 */
#include "lib/pubkey/base64.h"

/* All ones when low <= value <= high, else zero; all are below 2^15. */
static uint32_t
in_range(uint32_t value, uint32_t low, uint32_t high)
{
	return 0U - (~((value - low) | (high - value)) >> 31);
}

static char
character_of(uint32_t value)
{
	uint32_t c;

	value &= 0x3f;
	c = in_range(value, 0, 25) & (value + 'A');
	c |= in_range(value, 26, 51) & (value - 26 + 'a');
	c |= in_range(value, 52, 61) & (value - 52 + '0');
	c |= in_range(value, 62, 62) & '+';
	c |= in_range(value, 63, 63) & '/';
	return (char)c;
}

/* The six bits of a character; more than six where it is none. */
static uint32_t
value_of(uint8_t character)
{
	uint32_t c = character;
	uint32_t upper = in_range(c, 'A', 'Z');
	uint32_t lower = in_range(c, 'a', 'z');
	uint32_t digit = in_range(c, '0', '9');
	uint32_t plus = in_range(c, '+', '+');
	uint32_t slash = in_range(c, '/', '/');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
	    (digit & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
	    (~(upper | lower | digit | plus | slash) & 0x40);
}

void
base64_encode(struct sp_view bytes, char *text)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)bytes.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		*text++ = character_of(group >> 18);
		*text++ = character_of(group >> 12);
		*text++ = left > 1 ? character_of(group >> 6) : '=';
		*text++ = left > 2 ? character_of(group) : '=';
	}
}

/* How many '=' end the text. */
static size_t
padding_of(struct sp_view text)
{
	size_t padding = 0;

	while (padding < 2 && padding < text.len &&
	    text.data[text.len - 1 - padding] == '=')
		padding++;
	return padding;
}

size_t
base64_bytes_len(struct sp_view text)
{
	if (text.len == 0 || text.len % 4 != 0)
		return 0;
	return text.len / 4 * 3 - padding_of(text);
}

bool
base64_decode(struct sp_view text, uint8_t *room, size_t size, size_t *len)
{
	size_t padding = padding_of(text);
	size_t written = 0;
	uint32_t bits = 0, wrong = 0;
	unsigned n_bits = 0;

	if (text.len % 4 != 0 || base64_bytes_len(text) > size)
		return false;
	for (size_t i = 0; i < text.len - padding; i++) {
		uint32_t value = value_of(text.data[i]);

		wrong |= value & 0x40;
		bits = bits << 6 | (value & 0x3f);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			room[written++] = (uint8_t)(bits >> n_bits);
		}
	}
	wrong |= bits & ((1U << n_bits) - 1);
	if (wrong != 0)
		return false;
	*len = written;
	return true;
}
