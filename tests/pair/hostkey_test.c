/* Host keys of every type, and certificates of them, in both roles. */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/issuer.h"
#include "tests/pair/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *type;
	const char *algorithm;
	const char *certified; /* the same of a certificate */
	const char *certificate_type;
} rows[] = {
	{ "ssh-ed25519", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com",
	    "ssh-ed25519-cert-v01@openssh.com" },
	{ "ssh-rsa", "rsa-sha2-256", "rsa-sha2-256-cert-v01@openssh.com",
	    "ssh-rsa-cert-v01@openssh.com" },
	{ "ssh-rsa", "rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com",
	    "ssh-rsa-cert-v01@openssh.com" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
	    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	    "ecdsa-sha2-nistp256-cert-v01@openssh.com" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384",
	    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	    "ecdsa-sha2-nistp384-cert-v01@openssh.com" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521",
	    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	    "ecdsa-sha2-nistp521-cert-v01@openssh.com" },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* What a server has, and what it does with it. */
struct server {
	struct sp_key *key;
	struct sp_key *authority;
	struct buffer certificate;
	const char *signs_with;
	char seen[LIMIT_KEY_NAME]; /* by the client */
	bool is_trusted; /* it was, of the authority */
};

static struct sp_key *
make_key(const struct pair *p, const char *type)
{
	struct sp_key *key;

	assert_int_equal(sp_key_generate_bits(p->crypto, type,
			     strcmp(type, "ssh-rsa") == 0 ? 2048 : 0, &key),
	    SP_OK);
	return key;
}

static void
write_certificate(struct server *s, const char *type, uint32_t kind)
{
	buffer_clear(&s->certificate);
	assert_int_equal(
	    issuer_certify(s->key, s->authority, type, kind, &s->certificate),
	    SP_OK);
}

static void
init(struct pair *p, struct server *s, const struct row *row)
{
	pair_init(p);
	*s = (struct server){
		.key = make_key(p, row->type),
		.authority = make_key(p, "ssh-ed25519"),
		.signs_with = row->algorithm,
	};
	buffer_init(&s->certificate, LIMIT_KEY_BLOB);
	write_certificate(s, row->certificate_type, SP_CERTIFICATE_HOST);
	p->arg = s;
}

static void
clear(struct pair *p, struct server *s)
{
	sp_key_free(s->key);
	sp_key_free(s->authority);
	buffer_clear(&s->certificate);
	pair_clear(p);
}

/* What a client would do with the certificate of a host. */
static bool
is_trusted(const struct pair *p, const struct server *s, struct sp_view blob)
{
	struct sp_certificate c;

	return sp_certificate_parse(blob, &c) == SP_OK &&
	    view_equal(c.authority, sp_key_blob(s->authority)) &&
	    sp_certificate_verify(p->crypto, &c, NULL) == SP_OK &&
	    c.kind == SP_CERTIFICATE_HOST && c.critical_options.len == 0 &&
	    sp_certificate_is_valid_at(&c, 1500) &&
	    sp_certificate_has_principal(&c, view_of_string(ISSUER_PRINCIPAL));
}

static bool
answer(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct server *s = p->arg;
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	if (side == SP_SERVER && event->kind == SP_EVENT_SIGN_EXCHANGE) {
		assert_int_equal(
		    sp_key_sign(s->key, s->signs_with,
			event->u.sign_exchange.hash, signature, &len),
		    SP_OK);
		assert_int_equal(sp_exchange_signed(p->server, event->token,
				     view_of(signature, len)),
		    SP_OK);
		return true;
	}
	if (side != SP_CLIENT || event->kind != SP_EVENT_HOST_KEY)
		return false;
	assert_true(view_to_string(
	    event->u.host_key.algorithm, s->seen, sizeof s->seen));
	s->is_trusted = is_trusted(p, s, event->u.host_key.blob);
	assert_int_equal(s->is_trusted ||
		view_equal(event->u.host_key.blob, sp_key_blob(s->key)),
	    true);
	assert_int_equal(
	    sp_host_key_answer(p->client, event->token, true), SP_OK);
	return true;
}

/*
 * Runs a pair whose server has these keys, and whose sides offer these
 * algorithms; what the client's connection ended with.
 */
static enum sp_status
run(struct pair *p, const struct sp_host_key *keys, size_t count,
    const char *servers, const char *clients)
{
	p->config[SP_SERVER].host_keys = keys;
	p->config[SP_SERVER].host_key_count = count;
	p->config[SP_SERVER].algorithms.host_key = servers;
	p->config[SP_CLIENT].algorithms.host_key = clients;
	p->hook = answer;
	pair_start(p);
	pair_run(p);
	return p->closed[SP_CLIENT];
}

static void
each_algorithm_signs_first_and_later_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const char *name = rows[i].algorithm;
		struct sp_host_key key = { .algorithm = name };
		struct server s;
		struct pair p;

		init(&p, &s, &rows[i]);
		key.blob = sp_key_blob(s.key);
		assert_int_equal(run(&p, &key, 1, name, name), SP_OK);
		assert_string_equal(s.seen, name);
		assert_false(s.is_trusted);
		assert_int_equal(sp_engine_rekey(p.client), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
		clear(&p, &s);
	}
}

static void
each_certificate_is_offered_with_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct sp_host_key keys[2];
		struct server s;
		struct pair p;
		char both[200];

		init(&p, &s, &rows[i]);
		keys[0] = (struct sp_host_key){ rows[i].algorithm,
			sp_key_blob(s.key) };
		keys[1] = (struct sp_host_key){ rows[i].certified,
			buffer_view(&s.certificate) };
		snprintf(both, sizeof both, "%s,%s", rows[i].certified,
		    rows[i].algorithm);
		/* The server's list says what signs. */
		assert_int_equal(
		    run(&p, keys, 2, rows[i].algorithm, both), SP_OK);
		assert_string_equal(s.seen, rows[i].certified);
		assert_true(s.is_trusted);
		assert_int_equal(sp_engine_rekey(p.server), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
		clear(&p, &s);

		/* Who knows none is shown the key. */
		init(&p, &s, &rows[i]);
		keys[0].blob = sp_key_blob(s.key);
		keys[1].blob = buffer_view(&s.certificate);
		assert_int_equal(
		    run(&p, keys, 2, rows[i].algorithm, rows[i].algorithm),
		    SP_OK);
		assert_string_equal(s.seen, rows[i].algorithm);
		clear(&p, &s);

		/* A certificate alone, named or not. */
		for (int named = 0; named < 2; named++) {
			init(&p, &s, &rows[i]);
			keys[1].blob = buffer_view(&s.certificate);
			assert_int_equal(run(&p, &keys[1], 1,
					     named == 1 ? rows[i].certified
							: rows[i].algorithm,
					     both),
			    SP_OK);
			assert_string_equal(s.seen, rows[i].certified);
			clear(&p, &s);
		}
	}
}

static void
without_being_asked_a_client_takes_no_certificates(void **state)
{
	struct sp_host_key key = { .algorithm = rows[0].certified };
	struct server s;
	struct pair p;

	(void)state;
	init(&p, &s, &rows[0]);
	key.blob = buffer_view(&s.certificate);
	assert_int_equal(run(&p, &key, 1, NULL, NULL), SP_ERR_NO_HOST_KEY);
	clear(&p, &s);
}

/* What a client makes of a blob that a server calls a certificate. */
static enum sp_status
offer(struct pair *p, struct server *s, const char *algorithm,
    struct sp_view blob)
{
	struct sp_host_key key = { algorithm, blob };
	enum sp_status status = run(p, &key, 1, algorithm, algorithm);

	assert_int_equal(
	    p->count[SP_CLIENT][SP_EVENT_HOST_KEY], status == SP_OK);
	clear(p, s);
	return status;
}

static void
what_is_no_hosts_certificate_ends_the_exchange(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct sp_key *other;
		struct server s;
		struct pair p;

		/* The key itself; and the certificate as if it were one. */
		init(&p, &s, row);
		assert_int_equal(
		    offer(&p, &s, row->certified, sp_key_blob(s.key)),
		    SP_ERR_SIGNATURE);
		init(&p, &s, row);
		assert_int_equal(
		    offer(&p, &s, row->algorithm, buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
		/* A user's. */
		init(&p, &s, row);
		write_certificate(
		    &s, row->certificate_type, SP_CERTIFICATE_USER);
		assert_int_equal(
		    offer(&p, &s, row->certified, buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
		/* Of a key that did not sign. */
		init(&p, &s, row);
		other = s.key;
		s.key = make_key(&p, row->type);
		sp_key_free(other);
		assert_int_equal(
		    offer(&p, &s, row->certified, buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
		/* Cut short, and with more behind it. */
		init(&p, &s, row);
		buffer_truncate(&s.certificate, buffer_len(&s.certificate) - 1);
		assert_int_equal(
		    offer(&p, &s, row->certified, buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
		init(&p, &s, row);
		assert_int_equal(
		    buffer_append(&s.certificate, view_of("", 1)), SP_OK);
		assert_int_equal(
		    offer(&p, &s, row->certified, buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
	}
}

/* Negotiated is one algorithm, and what came is another's. */
static void
a_certificate_of_another_type_ends_the_exchange(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const struct row *other = &rows[(i + 1) % ROWS];
		struct server s;
		struct pair p;

		init(&p, &s, row);
		assert_int_equal(offer(&p, &s, other->certified,
				     buffer_view(&s.certificate)),
		    SP_ERR_SIGNATURE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_algorithm_signs_first_and_later_exchanges),
		cmocka_unit_test(each_certificate_is_offered_with_its_key),
		cmocka_unit_test(
		    without_being_asked_a_client_takes_no_certificates),
		cmocka_unit_test(
		    what_is_no_hosts_certificate_ends_the_exchange),
		cmocka_unit_test(
		    a_certificate_of_another_type_ends_the_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
