/* Codes by liboath; comparing them is done here, in constant time. */
#include "modules/totp/onetime.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN = 10 };

/* The next line, without its end; false behind the last. */
static bool
next_line(struct sp_view *text, struct sp_view *line)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->data, '\n', text->len);
	line->data = text->data;
	line->len = end == NULL ? text->len : (size_t)(end - text->data);
	text->len -= line->len + (end != NULL);
	text->data += line->len + (end != NULL);
	return true;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '-';
}

/* In capitals, and nothing that only people need. False where no base32 is. */
static bool
squeeze(struct sp_view line, char text[ONETIME_TEXT_MAX + 1], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.data[i];

		if (is_blank(c) || c == '=')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (!((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7')) ||
		    *len == ONETIME_TEXT_MAX)
			return false;
		text[(*len)++] = (char)c;
	}
	text[*len] = '\0';
	return true;
}

static bool
decode(const char *text, size_t len, struct onetime_secret *secret)
{
	char *bytes = NULL;
	size_t size = 0;
	bool fits;

	if (oath_base32_decode(text, len, &bytes, &size) != OATH_OK)
		return false;
	fits = size >= SECRET_MIN && size <= sizeof secret->bytes;
	if (fits) {
		memcpy(secret->bytes, bytes, size);
		secret->len = size;
	}
	explicit_bzero(bytes, size);
	free(bytes);
	return fits;
}

bool
onetime_read_secret(struct sp_view text, struct onetime_secret *secret)
{
	char room[ONETIME_TEXT_MAX + 1];
	struct sp_view line;
	bool is_read = false;
	size_t len;

	while (next_line(&text, &line)) {
		if (line.len > 0 && line.data[0] == '#')
			continue;
		if (!squeeze(line, room, &len))
			break;
		if (len > 0) {
			is_read = decode(room, len, secret);
			break;
		}
	}
	explicit_bzero(room, sizeof room);
	return is_read;
}

/* ---- codes ---- */

/* Without blanks; false where it is not so many digits. */
static bool
read_code(const char *code, unsigned digits, char room[ONETIME_DIGITS_MAX + 1])
{
	size_t len = 0;

	for (; *code != '\0'; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || len == digits)
			return false;
		room[len++] = *code;
	}
	room[len] = '\0';
	return len == digits;
}

static int
flags_of(enum onetime_hash hash)
{
	switch (hash) {
	case ONETIME_SHA1:
		break;
	case ONETIME_SHA256:
		return OATH_TOTP_HMAC_SHA256;
	case ONETIME_SHA512:
		return OATH_TOTP_HMAC_SHA512;
	}
	return 0;
}

static bool
is_code_of(const struct onetime_secret *secret,
    const struct onetime_rules *rules, uint64_t step, const char *code)
{
	char made[ONETIME_DIGITS_MAX + 1];
	unsigned char differs = 0;

	if (oath_totp_generate2(secret->bytes, secret->len,
		(time_t)(step * rules->period), rules->period, 0, rules->digits,
		flags_of(rules->hash), made) != OATH_OK)
		return false;
	for (unsigned i = 0; i < rules->digits; i++)
		differs |= (unsigned char)(made[i] ^ code[i]);
	explicit_bzero(made, sizeof made);
	return differs == 0;
}

bool
onetime_find(const struct onetime_secret *secret,
    const struct onetime_rules *rules, uint64_t seconds, const char *code,
    uint64_t *step)
{
	char room[ONETIME_DIGITS_MAX + 1] = "";
	bool is_code = read_code(code, rules->digits, room), is_found = false;
	uint64_t now = seconds / rules->period;
	uint64_t first = now < rules->window ? 0 : now - rules->window;

	/* What is no code is compared as well, and fits nothing. */
	for (uint64_t each = first; each <= now + rules->window; each++) {
		if (is_code_of(secret, rules, each, room) && is_code) {
			*step = each;
			is_found = true;
		}
	}
	explicit_bzero(room, sizeof room);
	return is_found;
}
