/* A claim on the wire: nothing where there is none. */
#include "daemon/ipc/claim.h"

#include <string.h>

static void
write_endpoint(struct writer *w, const struct claim_endpoint *endpoint)
{
	writer_bytes(w, view_of(endpoint->address, sizeof endpoint->address));
	writer_u32(w, endpoint->port);
}

static struct claim_endpoint
read_endpoint(struct reader *r)
{
	struct claim_endpoint endpoint = { .port = 0 };
	struct sp_view bytes = reader_bytes(r, sizeof endpoint.address);
	uint32_t port = reader_u32(r);

	if (bytes.len == sizeof endpoint.address)
		memcpy(endpoint.address, bytes.data, bytes.len);
	if (port > UINT16_MAX)
		reader_fail(r);
	endpoint.port = (uint16_t)port;
	return endpoint;
}

void
claim_write(struct writer *w, const struct claim *claim)
{
	writer_bool(w, claim->is_made);
	if (!claim->is_made)
		return;
	write_endpoint(w, &claim->peer);
	write_endpoint(w, &claim->local);
}

struct claim
claim_read(struct reader *r)
{
	struct claim claim = { .is_made = reader_bool(r) };

	if (!claim.is_made)
		return claim;
	claim.peer = read_endpoint(r);
	claim.local = read_endpoint(r);
	return claim;
}
