/* What all key agreements have in common: lengths, buffers, states. */
#include "lib/crypto/agreement.h"

#include "lib/crypto/agreement_ops.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum sp_status
agreement_start(const struct agreement *agreement,
    const struct sp_crypto *crypto, struct buffer *client_value,
    struct agreement_state **state)
{
	struct agreement_state *s;
	enum sp_status status;
	uint8_t *room;

	status = buffer_room(client_value, agreement->client_len, &room);
	if (status != SP_OK)
		return status;
	s = calloc(1, agreement->ops->state_size);
	if (s == NULL)
		return SP_ERR_MEMORY;
	s->agreement = agreement;
	s->crypto = crypto;
	status = agreement->ops->start(s, room);
	if (status != SP_OK) {
		agreement_free(s);
		return status;
	}
	buffer_grew(client_value, agreement->client_len);
	*state = s;
	return SP_OK;
}

void
agreement_free(struct agreement_state *s)
{
	const struct agreement_ops *ops;

	if (s == NULL)
		return;
	ops = s->agreement->ops;
	ops->clear(s);
	OPENSSL_cleanse(s, ops->state_size);
	free(s);
}

static bool
has_good_length(
    const struct agreement *agreement, struct sp_view value, size_t len)
{
	if (agreement->values_are_mpints)
		return value.len <= len;
	return value.len == len;
}

enum sp_status
agreement_respond(const struct agreement *agreement,
    const struct sp_crypto *crypto, struct sp_view client_value,
    struct buffer *server_value, struct secret *shared)
{
	enum sp_status status;
	uint8_t *room;

	if (!has_good_length(agreement, client_value, agreement->client_len))
		return SP_ERR_KEX_VALUE;
	status = buffer_room(server_value, agreement->server_len, &room);
	if (status == SP_OK)
		status = agreement->ops->respond(
		    agreement, crypto, client_value, room, shared);
	if (status == SP_OK)
		buffer_grew(server_value, agreement->server_len);
	return status;
}

enum sp_status
agreement_finish(struct agreement_state *s, struct sp_view server_value,
    struct secret *shared)
{
	const struct agreement *agreement = s->agreement;

	if (!has_good_length(agreement, server_value, agreement->server_len))
		return SP_ERR_KEX_VALUE;
	return agreement->ops->finish(s, server_value, shared);
}
