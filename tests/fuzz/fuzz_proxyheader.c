/* What a proxy, or who took its place, begins a connection with. */
#include "daemon/gate/proxyheader.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <string.h>

/* Reads pieces of at most so many bytes; *len is how many were taken. */
static enum proxyheader_state
take(struct sp_view data, size_t most, struct proxyheader *header, size_t *len)
{
	static uint8_t got[PROXYHEADER_MAX];

	for (*len = 0;;) {
		enum proxyheader_state state =
		    proxyheader_read(view_of(got, *len), header);
		size_t more = header->more < most ? header->more : most;

		if (state != PROXYHEADER_SHORT)
			return state;
		TARGET_ASSERT(more > 0 && header->more <= sizeof got - *len);
		if (more > data.len - *len)
			more = data.len - *len;
		if (more == 0)
			return state;
		memcpy(got + *len, data.data + *len, more);
		*len += more;
	}
}

/* In whatever pieces it comes, it is the same, and ends at the same byte. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view all = view_of(data, size);
	struct proxyheader whole, pieces;
	size_t whole_len, len;
	enum proxyheader_state state = take(all, SIZE_MAX, &whole, &whole_len);

	for (size_t most = 1; most < 4; most++) {
		TARGET_ASSERT(take(all, most, &pieces, &len) == state);
		if (state == PROXYHEADER_BAD)
			continue;
		TARGET_ASSERT(len == whole_len);
		TARGET_ASSERT(whole.peer.port == pieces.peer.port);
		TARGET_ASSERT(
		    cidr_is_equal(&whole.peer.address, &pieces.peer.address));
	}
	if (size > 0)
		proxyheader_read(all, &whole);
	return 0;
}
