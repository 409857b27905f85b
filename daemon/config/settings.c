/* What is asked of settings once they are there. */
#include "daemon/config/settings.h"

#include "lib/wire/namelist.h"

#include <stdlib.h>
#include <string.h>

/* Adds the names that the list does not have yet. */
static const char *
add_names(struct arena *arena, const char *list, const char *more)
{
	struct sp_view left = view_of_string(more), name;

	while (namelist_next(&left, &name)) {
		/* RFC 4252 5.1 forbids to name "none". */
		if (view_equal_string(name, "none") ||
		    namelist_has(view_of_string(list), name))
			continue;
		list = arena_format(arena, "%s%s%.*s", list,
		    *list == '\0' ? "" : ",", (int)name.len,
		    (const char *)name.data);
	}
	return list;
}

const char *
settings_methods(struct arena *arena, const struct access_settings *access)
{
	const char *methods = "";

	for (size_t i = 0; i < access->profile_count; i++) {
		const struct profile_settings *profile = &access->profiles[i];

		for (size_t way = 0; way < profile->accept_count; way++) {
			size_t first = profile->accept[way].steps[0];

			methods = add_names(
			    arena, methods, access->auths[first].serves);
		}
	}
	return *methods == '\0' ? "publickey" : methods;
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	arena_clear(&settings->arena);
	free(settings);
}
