/* One entry after the other; what cannot be read spoils the list. */
#include "daemon/config/sourcelist.h"

#include "daemon/config/pattern.h"
#include "lib/wire/view.h"

enum { ENTRY_SIZE = 256 };

/* Takes the next entry; false when it is empty or too long. */
static bool
take(const char **list, char entry[ENTRY_SIZE])
{
	size_t len = strcspn(*list, ",");
	bool is_good =
	    len > 0 && view_to_string(view_of(*list, len), entry, ENTRY_SIZE);

	*list += len;
	/* A comma at the end has an empty entry behind it. */
	if (**list == ',')
		is_good = *++*list != '\0' && is_good;
	return is_good;
}

/* What no address holds stands in a name. */
static bool
is_address_pattern(const char *entry)
{
	return entry[strspn(entry, "0123456789abcdefABCDEF.:*?")] == '\0' &&
	    strpbrk(entry, "0123456789:*?") != NULL;
}

static bool
is_name_pattern(const char *entry)
{
	return entry[strspn(entry,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789._-*?")] == '\0';
}

static enum sourcelist_fit
match_entry(const char *entry, const struct cidr_address *address)
{
	struct cidr net;
	char text[CIDR_TEXT_SIZE];

	if (cidr_parse(entry, &net) == NULL)
		return cidr_contains(&net, address) ? SOURCELIST_FITS
						    : SOURCELIST_OTHERS;
	if (!is_address_pattern(entry) || pattern_problem(entry) != NULL)
		return SOURCELIST_BROKEN;
	cidr_format_address(address, text);
	return pattern_matches(entry, text) ? SOURCELIST_FITS
					    : SOURCELIST_OTHERS;
}

enum sourcelist_fit
sourcelist_match(const char *list, const struct cidr_address *address)
{
	bool is_in = false, is_out = false;
	char entry[ENTRY_SIZE];

	do {
		enum sourcelist_fit fit;
		bool is_negated;

		if (!take(&list, entry))
			return SOURCELIST_BROKEN;
		is_negated = entry[0] == '!';
		fit = match_entry(entry + is_negated, address);
		if (fit == SOURCELIST_BROKEN && !is_negated &&
		    is_name_pattern(entry))
			fit = SOURCELIST_OTHERS;
		if (fit == SOURCELIST_BROKEN)
			return fit;
		if (fit == SOURCELIST_FITS && is_negated)
			is_out = true;
		else if (fit == SOURCELIST_FITS)
			is_in = true;
	} while (*list != '\0');
	return is_in && !is_out ? SOURCELIST_FITS : SOURCELIST_OTHERS;
}

bool
sourcelist_is_plain(const char *list)
{
	char entry[ENTRY_SIZE];
	struct cidr net;

	do {
		if (!take(&list, entry) || cidr_parse(entry, &net) != NULL)
			return false;
	} while (*list != '\0');
	return true;
}
