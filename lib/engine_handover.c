/* The public calls that move a connection to another process. */
#include "lib/engine.h"
#include "lib/transport/handover.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum sp_status
sp_engine_export(
    struct sp_engine *e, sp_token token, uint8_t **data, size_t *len)
{
	struct transport *t = &e->transport;
	enum sp_status status;
	struct buffer b;

	if (token == 0 || token != t->question || t->is_closed ||
	    (t->question_kind != SP_EVENT_AUTH_REQUEST &&
		t->question_kind != SP_EVENT_AUTH_RESPONSE))
		return SP_ERR_STALE_TOKEN;
	if (!userauth_may_accept(&e->userauth))
		return SP_ERR_STATE;
	buffer_init(&b, LIMIT_OUTPUT);
	status = handover_write(t, &b);
	if (status != SP_OK) {
		buffer_clear(&b);
		return status;
	}
	transport_abandon(t);
	*data = b.data;
	*len = buffer_len(&b);
	return SP_OK;
}

void
sp_engine_export_free(uint8_t *data, size_t len)
{
	if (data != NULL)
		OPENSSL_cleanse(data, len);
	free(data);
}

enum sp_status
sp_engine_import(const struct sp_engine_config *config, struct sp_view data,
    struct sp_engine **engine)
{
	struct sp_engine *e;
	enum sp_status status;

	if (config->role != SP_SERVER)
		return SP_ERR_ARGUMENT;
	status = engine_alloc(config, &e);
	if (status != SP_OK)
		return status;
	status = handover_read(&e->transport, data);
	if (status != SP_OK) {
		sp_engine_free(e);
		return status;
	}
	memcpy(e->transport.service, "ssh-userauth", sizeof "ssh-userauth");
	e->waits_for_accept = true;
	*engine = e;
	return SP_OK;
}

enum sp_status
sp_engine_import_accept(struct sp_engine *e)
{
	if (!e->waits_for_accept || e->connection == NULL)
		return SP_ERR_STATE;
	e->waits_for_accept = false;
	return engine_settle(e, userauth_succeed(&e->userauth));
}
