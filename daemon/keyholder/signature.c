/* What is signed for whom, and with which ticket. */
#include "daemon/keyholder/signature.h"

#include "daemon/ipc/cookie.h"
#include "daemon/ipc/ticket.h"
#include "daemon/ipc/work.h"
#include "daemon/keyholder/serials.h"

void
signature_init(struct signature *s, uint64_t id)
{
	*s = (struct signature){ .id = id };
	buffer_init(&s->data, WORK_DATA_MAX);
	buffer_init(&s->ticket, TICKET_MAX);
}

void
signature_clear(struct signature *s)
{
	buffer_clear(&s->data);
	buffer_clear(&s->ticket);
}

/*
 * Once for each cookie, and only for a cookie that this gate had from
 * nowhere else: whoever recorded an exchange gets no ticket for it again.
 * An exchange for new keys needs none, and can have none.
 */
static enum sp_status
check_cookie(const struct sp_crypto *crypto,
    const struct signature_asker *asker, const struct signing_request *request,
    bool *needs_ticket)
{
	struct sp_view cookie =
	    cookie_of_kexinit(request->exchange.server_kexinit);
	uint8_t expected[COOKIE_LEN];
	enum sp_status status;

	*needs_ticket = false;
	if (!asker->is_gate)
		return SP_OK;
	if (cookie.len == 0)
		return SP_ERR_FORMAT;
	if ((cookie.data[0] & COOKIE_IS_LATER) != 0)
		return SP_OK;
	if (asker->link.len != COOKIE_KEY_LEN)
		return SP_ERR_STATE;
	status = cookie_make(crypto, asker->link, request->serial, expected);
	if (status == SP_OK &&
	    (!view_equal_secret(view_of(expected, COOKIE_LEN), cookie) ||
		!serials_take(asker->serials, request->serial)))
		status = SP_ERR_REPEATED_MESSAGE;
	*needs_ticket = true;
	return status;
}

/* A ticket says that this exchange was signed for this gate, now. */
static enum sp_status
make_ticket(struct signature *s, const struct signature_means *means,
    const struct signature_asker *asker, struct sp_view listener, uint64_t now)
{
	const struct ticket ticket = {
		.hash = buffer_view(&s->data),
		.host_key =
		    view_of(s->key->blob_hash, sizeof s->key->blob_hash),
		.listener = listener,
		.gate = asker->gate,
		.made = now,
		.expiry = now + means->ticket_life,
	};

	if (means->ticket_key.len == 0)
		return SP_ERR_STATE;
	return ticket_seal(
	    means->vault->crypto, means->ticket_key, &ticket, &s->ticket);
}

enum sp_status
signature_take(struct signature *s, const struct signature_means *means,
    const struct signature_asker *asker, const struct signing_request *request,
    uint64_t now)
{
	const struct vault *vault = means->vault;
	/* Whose word a gate's is not: its ticket tells the login of it. */
	struct sp_view listener =
	    asker->is_gate ? request->listener : asker->listener;
	struct exchange exchange = request->exchange;
	uint8_t hash[DIGEST_MAX];
	bool needs_ticket;
	size_t len;
	enum sp_status status;

	s->key = vault_find(vault, vault_listener(vault, listener),
	    request->host_key_algorithm, &s->algorithm);
	if (s->key == NULL)
		return SP_ERR_NO_HOST_KEY;
	status = check_cookie(vault->crypto, asker, request, &needs_ticket);
	if (status != SP_OK)
		return status;
	exchange.host_key = vault_blob(s->key);
	status = exchange_hash(vault->crypto, &exchange, hash, &len);
	if (status == SP_OK)
		status = buffer_append(&s->data, view_of(hash, len));
	if (status == SP_OK && needs_ticket)
		status = make_ticket(s, means, asker, listener, now);
	return status;
}

enum sp_status
signature_make(const struct signature *s, struct buffer *answer)
{
	uint8_t room[SP_SIGNATURE_MAX];
	size_t len;
	enum sp_status status = sp_key_sign(
	    s->key->key, s->algorithm, buffer_view(&s->data), room, &len);

	if (status != SP_OK)
		return status;
	return signature_answer(s, view_of(room, len), answer);
}

enum sp_status
signature_answer(
    const struct signature *s, struct sp_view signature, struct buffer *answer)
{
	const struct signing_reply reply = {
		.id = s->id,
		.signature = signature,
		.ticket = buffer_view(&s->ticket),
	};

	return signing_reply_encode(&reply, answer);
}
