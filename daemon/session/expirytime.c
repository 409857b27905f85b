/* Digits in a row, two or four a field. */
#include "daemon/session/expirytime.h"

#include <string.h>
#include <time.h>

static int
take(const char **text, size_t digits)
{
	int number = 0;

	for (size_t i = 0; i < digits; i++)
		number = 10 * number + *(*text)++ - '0';
	return number;
}

/* The calendar knows it: nothing changes when it is put right. */
static bool
is_real(const struct tm *time)
{
	struct tm real = *time;

	return timegm(&real) > 0 && real.tm_sec == time->tm_sec &&
	    real.tm_min == time->tm_min && real.tm_hour == time->tm_hour &&
	    real.tm_mday == time->tm_mday && real.tm_mon == time->tm_mon;
}

bool
expirytime_parse(const char *text, uint64_t *seconds)
{
	size_t digits = strspn(text, "0123456789");
	bool is_utc = strcmp(text + digits, "Z") == 0;
	struct tm time = { .tm_isdst = -1 };
	time_t at;

	if ((digits != 8 && digits != 12 && digits != 14) ||
	    (text[digits] != '\0' && !is_utc))
		return false;
	time.tm_year = take(&text, 4) - 1900;
	time.tm_mon = take(&text, 2) - 1;
	time.tm_mday = take(&text, 2);
	if (digits >= 12) {
		time.tm_hour = take(&text, 2);
		time.tm_min = take(&text, 2);
	}
	if (digits == 14)
		time.tm_sec = take(&text, 2);
	if (!is_real(&time))
		return false;
	at = is_utc ? timegm(&time) : mktime(&time);
	if (at <= 0)
		return false;
	*seconds = (uint64_t)at;
	return true;
}
