/* A client's host that vouches for its user. */
#include "lib/userauth/hostbased.h"

/* The fields of a request from its number to its signature. */
static void
write_request(struct writer *w, struct sp_view user, struct sp_view service,
    const struct hostbased_claim *claim)
{
	writer_string(w, user);
	writer_string(w, service);
	writer_cstring(w, userauth_method_name(USERAUTH_METHOD_HOSTBASED));
	writer_string(w, claim->algorithm);
	writer_string(w, claim->key);
	writer_string(w, claim->host);
	writer_string(w, claim->user);
}

void
hostbased_write_signed_data(struct writer *w, struct sp_view session_id,
    struct sp_view user, struct sp_view service,
    const struct hostbased_claim *claim)
{
	writer_string(w, session_id);
	writer_u8(w, SSH_MSG_USERAUTH_REQUEST);
	write_request(w, user, service, claim);
}

static enum sp_status
keep_signed_data(struct userauth *u, struct sp_view user,
    struct sp_view service, const struct hostbased_claim *claim)
{
	struct writer w;

	buffer_clear(&u->signed_data);
	writer_init(&w, &u->signed_data);
	hostbased_write_signed_data(
	    &w, buffer_view(&u->transport->session_id), user, service, claim);
	return writer_finish(&w);
}

enum sp_status
hostbased_read_request(
    struct userauth *u, struct reader *r, struct sp_event *event)
{
	struct hostbased_claim claim;
	struct sp_view signature;
	enum sp_status status;

	claim.algorithm = reader_string_max(r, LIMIT_METHOD);
	claim.key = reader_string_max(r, LIMIT_KEY_BLOB);
	claim.host = reader_string_max(r, LIMIT_HOST_NAME);
	claim.user = reader_string_max(r, LIMIT_USER);
	signature = reader_string(r);
	status = reader_finish(r);
	if (status == SP_OK)
		status = keep_signed_data(u, event->u.auth_request.user,
		    event->u.auth_request.service, &claim);
	if (status != SP_OK)
		return status;
	event->u.auth_request.host_algorithm = claim.algorithm;
	event->u.auth_request.host_key = claim.key;
	event->u.auth_request.client_host = claim.host;
	event->u.auth_request.client_user = claim.user;
	event->u.auth_request.host_signature = signature;
	event->u.auth_request.host_signed_data = buffer_view(&u->signed_data);
	return SP_OK;
}

/* Where the fields stand in the request that was just written. */
static void
find_key(struct userauth *u, struct sp_view *algorithm, struct sp_view *key)
{
	struct reader r;

	reader_init(&r, buffer_view(&u->request));
	for (int i = 0; i < 3; i++)
		reader_string(&r); /* user, service, method */
	*algorithm = reader_string(&r);
	*key = reader_string(&r);
}

enum sp_status
hostbased_send_request(
    struct userauth *u, const char *user, const struct hostbased_claim *claim)
{
	struct sp_view name = view_of_string(user);
	enum sp_status status = userauth_check_start(u, name);
	struct sp_view algorithm, key;
	struct writer w;

	if (status != SP_OK)
		return status;
	if (claim->algorithm.len > LIMIT_METHOD ||
	    claim->key.len > LIMIT_KEY_BLOB ||
	    claim->host.len > LIMIT_HOST_NAME || claim->user.len > LIMIT_USER)
		return SP_ERR_LIMIT;
	buffer_clear(&u->request);
	writer_init(&w, &u->request);
	write_request(&w, name, view_of_string(userauth_service), claim);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	find_key(u, &algorithm, &key);
	return userauth_ask_signature(u, FAMILY_NONE, algorithm, key);
}
