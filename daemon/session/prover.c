/* Host keys told, and proved one by one. */
#include "daemon/session/prover.h"

#include "daemon/session/signer.h"
#include "lib/connection/global_request.h"
#include "lib/pump/pump.h"
#include "lib/wire/writer.h"

#include <sallyport/key.h>
#include <stdlib.h>

enum { PROVER_LIST_MAX = 65536 };

struct prover {
	struct prover_given given;
	sp_token token; /* of the request that is answered; 0: there is none */
	struct buffer asked; /* its host keys, copied */
	struct sp_view rest; /* of them: those not proved yet */
	struct buffer proofs; /* the reply so far */
};

static void prove_next(struct prover *);

struct prover *
prover_new(const struct prover_given *given)
{
	struct prover *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->given = *given;
	buffer_init(&p->asked, PROVER_LIST_MAX);
	buffer_init(&p->proofs, PROVER_LIST_MAX);
	return p;
}

void
prover_free(struct prover *p)
{
	if (p == NULL)
		return;
	buffer_clear(&p->asked);
	buffer_clear(&p->proofs);
	free(p);
}

static enum sp_status
append_string(struct sp_view string, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, string);
	return writer_finish(&w);
}

/* ---- the keys ---- */

/*
 * A key has a row for each algorithm: it is told with the first. Whoever
 * goes by its certificate needs to be told no key.
 */
static bool
is_first_row(const struct prover_given *given, size_t row)
{
	if (sp_certificate_algorithm(
		view_of_string(given->host_keys[row].algorithm)) != NULL)
		return false;
	for (size_t i = 0; i < row; i++)
		if (view_equal(
			given->host_keys[i].blob, given->host_keys[row].blob))
			return false;
	return true;
}

static enum sp_status
write_list(const struct prover_given *given, struct buffer *out)
{
	enum sp_status status = SP_OK;

	for (size_t i = 0; i < given->host_key_count && status == SP_OK; i++)
		if (is_first_row(given, i))
			status = append_string(given->host_keys[i].blob, out);
	return status;
}

void
prover_announce(struct prover *p)
{
	struct buffer list;
	enum sp_status status;

	if (!signer_is_there(p->given.signer))
		return;
	buffer_init(&list, PROVER_LIST_MAX);
	status = write_list(&p->given, &list);
	/* Who hears nothing of them has lost nothing. */
	if (status == SP_OK)
		status = sp_global_request(pump_engine(p->given.pump),
		    "hostkeys-00@openssh.com", false, buffer_view(&list));
	(void)status;
	buffer_clear(&list);
}

/*
 * What to prove a key with: where it has several algorithms, as an RSA key
 * does, the one that was agreed on for the exchange; else its first.
 */
static const struct sp_host_key *
find_key(const struct prover *p, struct sp_view blob)
{
	const struct prover_given *given = &p->given;
	struct sp_view agreed =
	    sp_engine_host_key_algorithm(pump_engine(given->pump));
	const struct sp_host_key *found = NULL;

	for (size_t i = 0; i < given->host_key_count; i++) {
		const struct sp_host_key *key = &given->host_keys[i];

		if (!view_equal(key->blob, blob))
			continue;
		if (view_equal_string(agreed, key->algorithm))
			return key;
		if (found == NULL)
			found = key;
	}
	return found;
}

/* ---- a request ---- */

static void
answer(struct prover *p, sp_token token, bool success)
{
	struct sp_view proofs =
	    success ? buffer_view(&p->proofs) : view_of(NULL, 0);

	/* Fails only where the connection has ended. */
	if (sp_global_answer(
		pump_engine(p->given.pump), token, success, proofs) != SP_OK)
		return;
}

static void
finish(struct prover *p, bool success)
{
	sp_token token = p->token;

	p->token = 0;
	answer(p, token, success);
	buffer_clear(&p->asked);
	buffer_clear(&p->proofs);
}

static void
on_signature(void *arg, struct sp_view signature)
{
	struct prover *p = arg;

	if (signature.len == 0 || append_string(signature, &p->proofs) != SP_OK)
		finish(p, false);
	else
		prove_next(p);
}

static void
prove_next(struct prover *p)
{
	const struct sp_host_key *key;
	struct sp_view blob;

	if (!sp_strings_next(&p->rest, &blob)) {
		finish(p, true);
		return;
	}
	key = find_key(p, blob);
	if (key == NULL || !signer_prove(p->given.signer, key, on_signature, p))
		finish(p, false);
}

/* Some of ours, and no more than we have: nothing is signed for less. */
static bool
is_provable(const struct prover *p, struct sp_view data)
{
	struct sp_view blob;
	size_t count;

	if (global_request_decode_blobs(data, &count) != SP_OK || count == 0 ||
	    count > p->given.host_key_count)
		return false;
	while (sp_strings_next(&data, &blob))
		if (find_key(p, blob) == NULL)
			return false;
	return true;
}

void
prover_ask(struct prover *p, const struct sp_event *event)
{
	if (event->token == 0)
		return;
	if (p->token != 0 || !is_provable(p, event->u.global_request.data) ||
	    buffer_append(&p->asked, event->u.global_request.data) != SP_OK) {
		answer(p, event->token, false);
		return;
	}
	p->token = event->token;
	p->rest = buffer_view(&p->asked);
	prove_next(p);
}
