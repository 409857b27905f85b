/* A few elements of DER. */
#include "lib/pubkey/der.h"

/* Lengths of up to three bytes: no key file has more. */
static size_t
read_length(struct reader *r)
{
	uint8_t first = reader_u8(r);
	size_t len = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x83)
		reader_fail(r);
	for (uint8_t i = 0x80; i < first && !r->failed; i++)
		len = len << 8 | reader_u8(r);
	return len;
}

struct sp_view
der_read(struct reader *r, uint8_t tag)
{
	if (reader_u8(r) != tag)
		reader_fail(r);
	return reader_bytes(r, read_length(r));
}

uint32_t
der_read_small(struct reader *r)
{
	struct sp_view bytes = der_read(r, DER_INTEGER);
	uint32_t value = 0;

	if (bytes.len == 0 || bytes.len > 4 || (bytes.data[0] & 0x80) != 0) {
		reader_fail(r);
		return 0;
	}
	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | bytes.data[i];
	return value;
}
