/* The names of code points, and of the bits there were before them. */
#include "daemon/config/dscp.h"

#include "daemon/config/unit.h"

#include <stdio.h>
#include <string.h>

#define AF(class, drop) ((class) << 5 | (drop) << 3)

static const struct {
	const char *name;
	uint16_t value;
} names[] = {
	{ "af11", AF(1, 1) },
	{ "af12", AF(1, 2) },
	{ "af13", AF(1, 3) },
	{ "af21", AF(2, 1) },
	{ "af22", AF(2, 2) },
	{ "af23", AF(2, 3) },
	{ "af31", AF(3, 1) },
	{ "af32", AF(3, 2) },
	{ "af33", AF(3, 3) },
	{ "af41", AF(4, 1) },
	{ "af42", AF(4, 2) },
	{ "af43", AF(4, 3) },
	{ "cs0", 0 << 5 },
	{ "cs1", 1 << 5 },
	{ "cs2", 2 << 5 },
	{ "cs3", 3 << 5 },
	{ "cs4", 4 << 5 },
	{ "cs5", 5 << 5 },
	{ "cs6", 6 << 5 },
	{ "cs7", 7 << 5 },
	{ "ef", 46 << 2 },
	{ "le", 1 << 2 },
	{ "lowdelay", 0x10 },
	{ "throughput", 0x08 },
	{ "reliability", 0x04 },
	{ "none", DSCP_NONE },
};

bool
dscp_parse(const char *name, uint16_t *value)
{
	uint64_t number;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i].name, name) == 0) {
			*value = names[i].value;
			return true;
		}
	}
	if (!unit_parse_number(name, &number) || number > UINT8_MAX)
		return false;
	*value = (uint16_t)number;
	return true;
}

const char *
dscp_name(uint16_t value)
{
	static char number[8];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].value == value)
			return names[i].name;
	}
	snprintf(number, sizeof number, "%u", (unsigned)value);
	return number;
}
