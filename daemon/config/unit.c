/* Numbers with units. */
#include "daemon/config/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit times[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60000 },
	{ "h", 3600000 },
	{ "d", 86400000 },
	{ "w", 604800000 },
	{ NULL, 0 },
};

static const struct unit sizes[] = {
	{ "B", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct unit rates[] = {
	{ "B/s", 1 },
	{ "K/s", UINT64_C(1) << 10 },
	{ "M/s", UINT64_C(1) << 20 },
	{ "G/s", UINT64_C(1) << 30 },
	{ "T/s", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

/* Reads digits; the rest of the string, or NULL when there is no number. */
static const char *
read_digits(const char *text, uint64_t *value)
{
	uint64_t sum = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return NULL;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return text;
}

static bool
parse(const char *text, const struct unit *units, uint64_t *value)
{
	uint64_t number = 0;
	const char *rest = read_digits(text, &number);

	if (rest == NULL)
		return false;
	if (number == 0 && *rest == '\0') {
		*value = 0;
		return true;
	}
	for (; units->name != NULL; units++) {
		if (strcmp(rest, units->name) != 0)
			continue;
		if (number > UINT64_MAX / units->factor)
			return false;
		*value = number * units->factor;
		return true;
	}
	return false;
}

bool
unit_parse_time(const char *text, uint64_t *milliseconds)
{
	return parse(text, times, milliseconds);
}

bool
unit_parse_size(const char *text, uint64_t *bytes)
{
	return parse(text, sizes, bytes);
}

bool
unit_parse_rate(const char *text, uint64_t *bytes_per_second)
{
	return parse(text, rates, bytes_per_second);
}

/* With the largest unit that leaves no rest. */
static void
format(uint64_t value, const struct unit *units, char text[UNIT_TEXT_SIZE])
{
	const struct unit *best = units;

	for (; units->name != NULL; units++)
		if (value % units->factor == 0)
			best = units;
	snprintf(text, UNIT_TEXT_SIZE, "%" PRIu64 "%s", value / best->factor,
	    value == 0 ? "" : best->name);
}

void
unit_format_time(uint64_t milliseconds, char text[UNIT_TEXT_SIZE])
{
	format(milliseconds, times, text);
}

void
unit_format_size(uint64_t bytes, char text[UNIT_TEXT_SIZE])
{
	format(bytes, sizes, text);
}

bool
unit_parse_mode(const char *text, unsigned *mode)
{
	size_t len = strlen(text);
	unsigned value = 0;

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return false;
	for (; *text != '\0'; text++)
		value = value << 3 | (unsigned)(*text - '0');
	*mode = value;
	return true;
}

bool
unit_parse_number(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	const char *rest = read_digits(text, &value);

	if (rest == NULL || *rest != '\0')
		return false;
	*number = value;
	return true;
}
