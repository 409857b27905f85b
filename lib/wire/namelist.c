/* Walks and matches name-lists in place. */
#include "lib/wire/namelist.h"

bool
namelist_next(struct sp_view *list, struct sp_view *name)
{
	const uint8_t *comma;
	size_t len;

	*name = view_of(NULL, 0);
	if (list->len == 0)
		return false;
	comma = memchr(list->data, ',', list->len);
	len = comma == NULL ? list->len : (size_t)(comma - list->data);
	*name = view_of(list->data, len);
	if (comma == NULL)
		*list = view_of(NULL, 0);
	else
		*list = view_of(comma + 1, list->len - len - 1);
	return true;
}

bool
namelist_has(struct sp_view list, struct sp_view name)
{
	struct sp_view each;

	while (namelist_next(&list, &each))
		if (view_equal(each, name))
			return true;
	return false;
}

struct sp_view
namelist_match(struct sp_view client, struct sp_view server)
{
	struct sp_view name;

	while (namelist_next(&client, &name))
		if (namelist_has(server, name))
			return name;
	return view_of(NULL, 0);
}
