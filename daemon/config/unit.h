/*
 * Numbers with units, as the configuration writes them: "30s", "64M",
 * "20M/s", "0640". All parse a whole string; false, with the value
 * untouched, when it is anything else or does not fit.
 */
#ifndef SP_CONFIG_UNIT_H
#define SP_CONFIG_UNIT_H

#include <sallyport/types.h>

/* Into milliseconds: ms, s, m, h, d, w; "0" needs no unit. */
bool unit_parse_time(const char *, uint64_t *milliseconds);
/* Into bytes: B, K, M, G, T, powers of 1024; "0" needs no unit. */
bool unit_parse_size(const char *, uint64_t *bytes);
/* Into bytes a second: a size and "/s". */
bool unit_parse_rate(const char *, uint64_t *bytes_per_second);
/* The shortest text that parses to the value: "90s", "64M". */
enum { UNIT_TEXT_SIZE = 24 };
void unit_format_time(uint64_t milliseconds, char text[UNIT_TEXT_SIZE]);
void unit_format_size(uint64_t bytes, char text[UNIT_TEXT_SIZE]);
/* Three or four octal digits, such as "0640". */
bool unit_parse_mode(const char *, unsigned *mode);
/* Decimal digits alone. */
bool unit_parse_number(const char *, uint64_t *number);

#endif
