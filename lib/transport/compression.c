/* The rows of compression methods. */
#include "lib/transport/compression.h"

static const struct compression rows[] = {
	{ "none", ALGORITHM_MODERN, false },
	{ "zlib@openssh.com", ALGORITHM_ASK, true },
};

const struct compression *
compression_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (view_equal_string(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const char *
compression_row(size_t index, enum algorithm_set *set)
{
	if (index >= sizeof rows / sizeof rows[0])
		return NULL;
	*set = rows[index].set;
	return rows[index].name;
}
