/* Either version of the header, from its first byte to its last. */
#include "daemon/gate/proxyheader.h"

#include "lib/wire/reader.h"

#include <string.h>

/* The shortest is the line "PROXY UNKNOWN"; all have its length. */
enum { SHORTEST = 15, FIXED = 16 };

/* Version 2: its command and its family are half a byte each. */
enum { VERSION_2 = 2, OWN = 0, PROXIED = 1 };
enum { TCP_4 = 0x11, TCP_6 = 0x21 };

enum { FIELDS = 6 };

static const uint8_t signature[] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q',
	'U', 'I', 'T', '\n' };
static const uint8_t word[] = { 'P', 'R', 'O', 'X', 'Y', ' ' };

static enum proxyheader_state
fail(struct proxyheader *header, const char *problem)
{
	header->problem = problem;
	return PROXYHEADER_BAD;
}

static enum proxyheader_state
want(struct proxyheader *header, size_t more)
{
	header->more = more;
	return PROXYHEADER_SHORT;
}

/* As far as there is something to compare. */
static bool
begins_with(struct sp_view got, const uint8_t *bytes, size_t len)
{
	return got.len == 0 ||
	    memcmp(got.data, bytes, got.len < len ? got.len : len) == 0;
}

/* ---- version 1: a line ---- */

/* Cuts the line at its blanks; false unless there are as many as wanted. */
static bool
cut(char *line, char *fields[FIELDS])
{
	size_t count = 0;

	for (char *next = line; next != NULL; count++) {
		if (count == FIELDS)
			return false;
		fields[count] = next;
		next = strchr(next, ' ');
		if (next != NULL)
			*next++ = '\0';
	}
	return count == FIELDS;
}

/* No sign, no leading zero. */
static bool
read_port(const char *text, uint16_t *port)
{
	size_t len = strspn(text, "0123456789");
	uint32_t number = 0;

	if (len == 0 || len > 5 || text[len] != '\0' ||
	    (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
		number = number * 10 + (uint32_t)(text[i] - '0');
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

static bool
read_endpoint(const char *address, const char *port, bool is_six,
    struct cidr_endpoint *endpoint)
{
	return (strchr(address, ':') != NULL) == is_six &&
	    cidr_parse_address(address, &endpoint->address) &&
	    read_port(port, &endpoint->port);
}

/* A whole line without its CRLF and without a NUL. */
static enum proxyheader_state
read_line(char *line, struct proxyheader *header)
{
	char *fields[FIELDS];
	bool is_six;

	if (strcmp(line, "PROXY UNKNOWN") == 0 ||
	    strncmp(line, "PROXY UNKNOWN ", 14) == 0)
		return PROXYHEADER_OWN;
	if (!cut(line, fields))
		return fail(header, "its proxy's line is malformed");
	is_six = strcmp(fields[1], "TCP6") == 0;
	if (!is_six && strcmp(fields[1], "TCP4") != 0)
		return fail(header, "its proxy tells of neither IPv4 nor IPv6");
	if (!read_endpoint(fields[2], fields[4], is_six, &header->peer) ||
	    !read_endpoint(fields[3], fields[5], is_six, &header->local))
		return fail(header, "its proxy's line is malformed");
	return PROXYHEADER_TOLD;
}

static enum proxyheader_state
read_version_1(struct sp_view got, struct proxyheader *header)
{
	char line[PROXYHEADER_LINE_MAX + 1];
	const uint8_t *end = memchr(got.data, '\n', got.len);
	size_t left = PROXYHEADER_LINE_MAX - got.len;

	if (memchr(got.data, '\0', got.len) != NULL ||
	    (end != NULL && end != got.data + got.len - 1) ||
	    (end != NULL && got.data[got.len - 2] != '\r'))
		return fail(header, "its proxy's line is malformed");
	if (end == NULL && left == 0)
		return fail(header, "its proxy's line is too long");
	if (end == NULL)
		return want(
		    header, left == 1 || got.data[got.len - 1] == '\r' ? 1 : 2);
	memcpy(line, got.data, got.len - 2);
	line[got.len - 2] = '\0';
	return read_line(line, header);
}

/* ---- version 2 ---- */

static struct cidr_address
read_address(struct reader *r, bool is_six)
{
	struct cidr_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };
	struct sp_view bytes = reader_bytes(r, is_six ? 16 : 4);

	if (bytes.len > 0)
		memcpy(address.bytes + (16 - bytes.len), bytes.data, bytes.len);
	return address;
}

static uint16_t
read_u16(struct reader *r)
{
	uint16_t high = reader_u8(r);

	return (uint16_t)(high << 8 | reader_u8(r));
}

/* What follows the addresses is nothing that is used here. */
static enum proxyheader_state
read_block(struct reader *r, bool is_six, struct proxyheader *header)
{
	header->peer.address = read_address(r, is_six);
	header->local.address = read_address(r, is_six);
	header->peer.port = read_u16(r);
	header->local.port = read_u16(r);
	if (r->failed)
		return fail(header, "its proxy's header is malformed");
	return PROXYHEADER_TOLD;
}

static enum proxyheader_state
read_version_2(struct sp_view got, struct proxyheader *header)
{
	unsigned command, family;
	struct reader r;
	size_t len;

	if (got.len < FIXED)
		return want(header, FIXED - got.len);
	reader_init(&r, got);
	reader_bytes(&r, sizeof signature);
	command = reader_u8(&r);
	family = reader_u8(&r);
	len = FIXED + (size_t)read_u16(&r);
	if (command >> 4 != VERSION_2 || (command & 0xf) > PROXIED)
		return fail(header, "its proxy's header is malformed");
	if ((command & 0xf) == PROXIED && family != TCP_4 && family != TCP_6)
		return fail(header, "its proxy tells of neither IPv4 nor IPv6");
	if (len > PROXYHEADER_MAX)
		return fail(header, "its proxy's header is too long");
	if (got.len < len)
		return want(header, len - got.len);
	if (got.len > len)
		return fail(header, "its proxy's header is malformed");
	if ((command & 0xf) == OWN)
		return PROXYHEADER_OWN;
	return read_block(&r, family == TCP_6, header);
}

enum proxyheader_state
proxyheader_read(struct sp_view got, struct proxyheader *header)
{
	bool is_line = begins_with(got, word, sizeof word);

	*header = (struct proxyheader){ .more = 0 };
	if (!is_line && !begins_with(got, signature, sizeof signature))
		return fail(header, "its proxy sent no header");
	if (got.len < SHORTEST)
		return want(header, SHORTEST - got.len);
	if (!is_line)
		return read_version_2(got, header);
	if (got.len > PROXYHEADER_LINE_MAX)
		return fail(header, "its proxy's line is too long");
	return read_version_1(got, header);
}
