/* Options of key lines: what is read of them lies in their own room. */
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>

/* Walks through it, so that the sanitizers see where it ends. */
static size_t
measure(const char *text)
{
	return text == NULL ? 0 : strlen(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view text = view_of(data, size), fault;
	struct sp_key_options o;
	const char *variable;
	size_t total;

	if (sp_key_options_parse(text, &o, &fault) != SP_OK) {
		TARGET_ASSERT(fault.len <= size);
		TARGET_ASSERT(
		    size == 0 || fault.data + fault.len <= data + size);
		return 0;
	}
	total = measure(o.command) + measure(o.from) + measure(o.principals) +
	    measure(o.tunnel);
	TARGET_ASSERT(total <= size);
	total += measure(o.expiry_times) + measure(o.permitopen) +
	    measure(o.permitlisten);
	TARGET_ASSERT(total <= 2 * size);
	variable = o.environment;
	for (size_t i = 0; i < o.environment_count; i++) {
		TARGET_ASSERT(strchr(variable, '=') != NULL);
		variable += strlen(variable) + 1;
	}
	sp_key_options_clear(&o);
	return 0;
}
