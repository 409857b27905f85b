/* Headers of the PROXY protocol, as proxies write them and as nobody may. */
#include "daemon/gate/proxyheader.h"
#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) \
	(struct sp_view) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

/*
 * Reads as a gate does, in pieces as large as are asked for, or of one byte;
 * what is left in *bytes was not read.
 */
static enum proxyheader_state
take(struct sp_view *bytes, bool is_slow, struct proxyheader *header)
{
	static uint8_t got[PROXYHEADER_MAX];
	size_t len = 0;

	for (;;) {
		enum proxyheader_state state =
		    proxyheader_read(view_of(got, len), header);
		size_t more = is_slow ? 1 : header->more;

		if (state != PROXYHEADER_SHORT)
			return state;
		assert_true(header->more > 0);
		assert_true(header->more <= sizeof got - len);
		if (more > bytes->len)
			more = bytes->len;
		if (more == 0)
			return PROXYHEADER_SHORT;
		memcpy(got + len, bytes->data, more);
		len += more;
		*bytes = view_of(bytes->data + more, bytes->len - more);
	}
}

static void
assert_told(struct sp_view bytes, const char *peer, const char *local)
{
	for (int is_slow = 0; is_slow < 2; is_slow++) {
		struct sp_view left = bytes;
		struct proxyheader header;
		char text[CIDR_TEXT_SIZE];

		assert_int_equal(
		    take(&left, is_slow, &header), PROXYHEADER_TOLD);
		cidr_format_endpoint(&header.peer, text);
		assert_string_equal(text, peer);
		cidr_format_endpoint(&header.local, text);
		assert_string_equal(text, local);
		assert_true(view_equal_string(left, "SSH-2.0-x\r\n"));
	}
}

static void
assert_own(struct sp_view bytes)
{
	for (int is_slow = 0; is_slow < 2; is_slow++) {
		struct sp_view left = bytes;
		struct proxyheader header;

		assert_int_equal(
		    take(&left, is_slow, &header), PROXYHEADER_OWN);
		assert_true(view_equal_string(left, "SSH-2.0-x\r\n"));
	}
}

static void
assert_bad(struct sp_view bytes, const char *problem)
{
	for (int is_slow = 0; is_slow < 2; is_slow++) {
		struct sp_view left = bytes;
		struct proxyheader header;

		assert_int_equal(
		    take(&left, is_slow, &header), PROXYHEADER_BAD);
		assert_non_null(strstr(header.problem, problem));
	}
}

#define BEHIND "SSH-2.0-x\r\n"

static void
a_line_tells_both_ends(void **state)
{
	(void)state;
	assert_told(
	    BYTES("PROXY TCP4 192.0.2.7 198.51.100.1 4711 22\r\n" BEHIND),
	    "192.0.2.7:4711", "198.51.100.1:22");
	assert_told(BYTES("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n" BEHIND),
	    "[2001:db8::7]:65535", "[::1]:0");
	assert_told(BYTES("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n" BEHIND),
	    "1.1.1.1:1", "1.1.1.1:1");
	/* The longest there can be of two addresses. */
	assert_told(BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
			  "65535 65535\r\n" BEHIND),
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535");
}

static void
a_line_that_knows_nothing_is_the_proxys_own(void **state)
{
	(void)state;
	assert_own(BYTES("PROXY UNKNOWN\r\n" BEHIND));
	assert_own(BYTES("PROXY UNKNOWN x y z\r\n" BEHIND));
	/* The longest of all, 107 bytes. */
	assert_own(
	    BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		  "65535 65535\r\n" BEHIND));
}

static void
a_line_that_is_not_as_it_must_be_is_refused(void **state)
{
	static const char *const lines[] = {
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711 22 1\r\n",
		"PROXY TCP4  192.0.2.7 198.51.100.1 4711 22\r\n",
		"PROXY  TCP4 192.0.2.7 198.51.100.1 4711 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711 22 \r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711 22\n#",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711 22\r\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4711\t22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 -1 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 +1 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 01 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 65536 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 4294967318 22\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 22 99999999999999\r\n",
		"PROXY TCP4 192.0.2.7 198.51.100.1 0x16 22\r\n",
		"PROXY TCP4 192.0.2.07 198.51.100.1 4711 22\r\n",
		"PROXY TCP4 192.0.2.256 198.51.100.1 4711 22\r\n",
		"PROXY TCP4 2001:db8::7 2001:db8::1 4711 22\r\n",
		"PROXY TCP4 192.0.2.7 2001:db8::1 4711 22\r\n",
		"PROXY TCP6 192.0.2.7 198.51.100.1 4711 22\r\n",
		"PROXY TCP6 fe80::1%eth0 2001:db8::1 4711 22\r\n",
		"PROXY TCP6 [2001:db8::7] 2001:db8::1 4711 22\r\n",
		"PROXY TCP4 lb.example.org 198.51.100.1 4711 22\r\n",
		"PROXY TCP4 192.0.2.0/24 198.51.100.1 4711 22\r\n",
		"PROXY      \r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_bad(view_of_string(lines[i]), "line is malformed");
	assert_bad(BYTES("PROXY TCP4 192.0.2.7\0 198.51.100.1 4711 22\r\n"),
	    "line is malformed");
}

static void
what_is_neither_ipv4_nor_ipv6_is_refused(void **state)
{
	(void)state;
	assert_bad(BYTES("PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n"), "neither");
	assert_bad(BYTES("PROXY tcp4 1.1.1.1 1.1.1.1 1 1\r\n"), "neither");
	assert_bad(BYTES(SIGNATURE "\x21\x00\0\0"), "neither"); /* UNSPEC */
	assert_bad(BYTES(SIGNATURE "\x21\x01\0\x0c"), "neither");
	assert_bad(BYTES(SIGNATURE "\x21\x10\0\x0c"), "neither");
	assert_bad(
	    BYTES(SIGNATURE "\x21\x12\0\x0c"), "neither"); /* datagrams */
	assert_bad(BYTES(SIGNATURE "\x21\x22\0\x24"), "neither");
	assert_bad(BYTES(SIGNATURE "\x21\x31\0\xd8"), "neither"); /* AF_UNIX */
	assert_bad(BYTES(SIGNATURE "\x21\xff\0\x24"), "neither");
}

static void
what_has_no_header_is_refused_with_its_first_bytes(void **state)
{
	(void)state;
	assert_bad(BYTES("SSH-2.0-OpenSSH_9.2\r\n"), "sent no header");
	assert_bad(BYTES("S"), "sent no header");
	assert_bad(BYTES("PROXZ"), "sent no header");
	assert_bad(BYTES("proxy TCP4"), "sent no header");
	assert_bad(BYTES("PROXY\t"), "sent no header");
	assert_bad(BYTES("\r\n\r\n\0\r\nQUIT\r"), "sent no header");
	assert_bad(BYTES("\r\n\r\n\r\n"), "sent no header");
	assert_bad(BYTES("\0"), "sent no header");
}

static void
a_block_tells_both_ends(void **state)
{
	(void)state;
	assert_told(
	    BYTES(SIGNATURE "\x21\x11\0\x0c"
			    "\xc0\0\2\7\xc6\x33\x64\1\x12\x67\0\x16" BEHIND),
	    "192.0.2.7:4711", "198.51.100.1:22");
	assert_told(BYTES(SIGNATURE "\x21\x21\0\x24"
				    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
				    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
				    "\xff\xff\0\0" BEHIND),
	    "[2001:db8::7]:65535", "[::1]:0");
	/* An IPv4 address is the same in its mapped form. */
	assert_told(BYTES(SIGNATURE "\x21\x21\0\x24"
				    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\7"
				    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\1"
				    "\x12\x67\0\x16" BEHIND),
	    "192.0.2.7:4711", "198.51.100.1:22");
}

static void
what_a_block_adds_is_skipped(void **state)
{
	static uint8_t bytes[PROXYHEADER_MAX + 11];
	struct proxyheader header;
	struct sp_view left;

	(void)state;
	assert_told(BYTES(SIGNATURE "\x21\x11\0\x11"
				    "\xc0\0\2\7\xc6\x33\x64\1\x12\x67\0\x16"
				    "\3\0\2xy" BEHIND),
	    "192.0.2.7:4711", "198.51.100.1:22");
	memset(bytes, 0xff, sizeof bytes);
	memcpy(bytes, SIGNATURE "\x21\x11\x08\0\xc0\0\2\7", 20);
	memcpy(bytes + PROXYHEADER_MAX, BEHIND, 11);
	left = view_of(bytes, sizeof bytes);
	assert_int_equal(take(&left, false, &header), PROXYHEADER_TOLD);
	assert_true(view_equal_string(left, BEHIND));
	bytes[15] = 1; /* one more is too many */
	assert_bad(view_of(bytes, sizeof bytes), "too long");
}

static void
a_block_of_the_proxys_own_is_skipped_whatever_it_says(void **state)
{
	(void)state;
	assert_own(BYTES(SIGNATURE "\x20\0\0\0" BEHIND));
	assert_own(BYTES(SIGNATURE "\x20\x11\0\x0c"
				   "abcdabcdabcd" BEHIND));
	assert_own(BYTES(SIGNATURE "\x20\xff\0\1x" BEHIND));
	assert_bad(BYTES(SIGNATURE "\x20\0\xff\xff"), "too long");
}

static void
a_block_that_is_not_as_it_must_be_is_refused(void **state)
{
	(void)state;
	assert_bad(BYTES(SIGNATURE "\x11\x11\0\x0c"), "malformed");
	assert_bad(BYTES(SIGNATURE "\x31\x11\0\x0c"), "malformed");
	assert_bad(BYTES(SIGNATURE "\x22\x11\0\x0c"), "malformed");
	assert_bad(BYTES(SIGNATURE "\x2f\x11\0\x0c"), "malformed");
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x0b"
				   "abcdabcdabcd"),
	    "malformed");
	assert_bad(BYTES(SIGNATURE "\x21\x21\0\x0c"
				   "abcdabcdabcd"),
	    "malformed");
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\0"), "malformed");
}

static void
a_header_is_short_until_its_last_byte(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} headers[] = {
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 4711 22\r\n", 43 },
		{ "PROXY UNKNOWN\r\n", 15 },
		{ SIGNATURE "\x21\x11\0\x0c"
			    "abcdabcdabcd",
		    28 },
		{ SIGNATURE "\x20\0\0\0", 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		for (size_t len = 0; len < headers[i].len; len++) {
			struct sp_view left =
			    view_of((const uint8_t *)headers[i].bytes, len);
			struct proxyheader header;

			assert_int_equal(
			    take(&left, true, &header), PROXYHEADER_SHORT);
			assert_true(header.more <= headers[i].len - len);
		}
}

static void
a_line_is_bounded(void **state)
{
	char line[200];
	struct proxyheader header;
	struct sp_view left;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY UNKNOWN ", 14);
	left = view_of((const uint8_t *)line, sizeof line);
	assert_int_equal(take(&left, false, &header), PROXYHEADER_BAD);
	assert_int_equal(left.len, sizeof line - PROXYHEADER_LINE_MAX);
	assert_bad(view_of((const uint8_t *)line, sizeof line), "too long");
	memcpy(line + 106, "\r\n", 2);
	assert_bad(view_of((const uint8_t *)line, sizeof line), "too long");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_both_ends),
		cmocka_unit_test(a_line_that_knows_nothing_is_the_proxys_own),
		cmocka_unit_test(a_line_that_is_not_as_it_must_be_is_refused),
		cmocka_unit_test(what_is_neither_ipv4_nor_ipv6_is_refused),
		cmocka_unit_test(
		    what_has_no_header_is_refused_with_its_first_bytes),
		cmocka_unit_test(a_block_tells_both_ends),
		cmocka_unit_test(what_a_block_adds_is_skipped),
		cmocka_unit_test(
		    a_block_of_the_proxys_own_is_skipped_whatever_it_says),
		cmocka_unit_test(a_block_that_is_not_as_it_must_be_is_refused),
		cmocka_unit_test(a_header_is_short_until_its_last_byte),
		cmocka_unit_test(a_line_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
