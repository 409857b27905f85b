/* SERVICE_REQUEST and SERVICE_ACCEPT: there is ssh-userauth, no other. */
#include "lib/transport/service.h"

static const char userauth[] = "ssh-userauth";

enum sp_status
service_send_request(struct transport *t)
{
	struct writer w;

	transport_begin(t, &w, SSH_MSG_SERVICE_REQUEST);
	writer_cstring(&w, userauth);
	return transport_end(t, &w);
}

/* The name, which becomes the service in use on both sides. */
static enum sp_status
read_name(struct transport *t, struct reader *r)
{
	struct sp_view name = reader_string_max(r, LIMIT_SERVICE - 1);
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	if (!view_equal_string(name, userauth))
		return SP_ERR_SERVICE;
	memcpy(t->service, userauth, sizeof userauth);
	return SP_OK;
}

enum sp_status
service_receive_request(struct transport *t, struct reader *r)
{
	enum sp_status status = read_name(t, r);
	struct writer w;

	if (status != SP_OK)
		return status;
	transport_begin(t, &w, SSH_MSG_SERVICE_ACCEPT);
	writer_cstring(&w, userauth);
	return transport_end(t, &w);
}

enum sp_status
service_receive_accept(struct transport *t, struct reader *r)
{
	enum sp_status status = read_name(t, r);

	if (status == SP_OK)
		event_push(&t->events, SP_EVENT_AUTH_READY);
	return status;
}
