/* The texts and disconnect reasons of <sallyport/status.def>. */
#include "lib/wire/status.h"

static const struct {
	const char *name;
	const char *text;
	uint32_t reason;
} rows[] = {
#define STATUS(name, reason, text) [SP_##name] = { #name, text, reason },
#include <sallyport/status.def>
#undef STATUS
};

const char *
sp_status_text(enum sp_status status)
{
	if ((size_t)status >= sizeof rows / sizeof rows[0])
		return "unknown status";
	return rows[status].text;
}

const char *
sp_status_name(enum sp_status status)
{
	if ((size_t)status >= sizeof rows / sizeof rows[0])
		return "UNKNOWN";
	return rows[status].name;
}

uint32_t
status_reason(enum sp_status status)
{
	if ((size_t)status >= sizeof rows / sizeof rows[0])
		return 0;
	return rows[status].reason;
}
