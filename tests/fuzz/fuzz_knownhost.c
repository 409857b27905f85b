/*
 * Lines of known_hosts files: the parts lie inside the line, and a name
 * that a line is about is one whatever its capitals. The first line of the
 * input is that name.
 */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>

static void
check_part(struct sp_view line, struct sp_view part)
{
	if (part.len == 0)
		return;
	TARGET_ASSERT(part.data >= line.data);
	TARGET_ASSERT(part.data + part.len <= line.data + line.len);
}

static void
check_line(struct sp_view line, const char *name, const char *capitals)
{
	struct sp_known_host host;

	if (sp_known_host_parse(line, &host) != SP_OK)
		return;
	check_part(line, host.names);
	check_part(line, host.key.type);
	check_part(line, host.key.base64);
	check_part(line, host.key.comment);
	TARGET_ASSERT(host.key.options.len == 0);
	TARGET_ASSERT((host.kind == SP_KNOWN_HOST_NONE) ==
	    (host.names.len == 0 && host.key.type.len == 0));
	TARGET_ASSERT(sp_known_host_is_for(&host, name) ==
	    sp_known_host_is_for(&host, capitals));
}

static void
make_capitals(const char *name, char *capitals)
{
	size_t i = 0;

	for (; name[i] != '\0'; i++)
		capitals[i] = (char)(name[i] >= 'a' && name[i] <= 'z'
			? name[i] - 'a' + 'A'
			: name[i]);
	capitals[i] = '\0';
}

static struct sp_view
take_line(struct sp_view *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	struct sp_view line = *rest;

	if (end != NULL)
		line.len = (size_t)(end - rest->data) + 1;
	*rest = view_of(rest->data + line.len, rest->len - line.len);
	return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[LIMIT_HOST_NAME + 2], capitals[LIMIT_HOST_NAME + 2];
	struct sp_view rest = view_of(data, size), first;

	if (size == 0)
		return 0;
	first = take_line(&rest);
	if (first.data[first.len - 1] == '\n')
		first.len--;
	if (!view_to_string(first, name, sizeof name))
		return 0;
	make_capitals(name, capitals);
	while (rest.len > 0)
		check_line(take_line(&rest), name, capitals);
	return 0;
}
