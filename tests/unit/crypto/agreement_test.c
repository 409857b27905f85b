/* What holds for every key agreement, whatever its values are. */
#include "lib/crypto/agreement.h"

#include "lib/crypto/dh.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { VALUE_MAX = 8192 };

static struct sp_crypto *crypto;

static const struct agreement *const all[] = {
	&x25519_agreement,
	&hybrid_mlkem768,
	&hybrid_sntrup761,
	&nistcurve_256,
	&nistcurve_384,
	&nistcurve_521,
	&dh_group14,
	&dh_group16,
	&dh_group18,
};

enum { COUNT = sizeof all / sizeof all[0] };

struct scene {
	const struct agreement *agreement;
	struct agreement_state *client;
	struct buffer to_server, to_client;
	struct secret ours, theirs;
};

static void
begin(struct scene *s, const struct agreement *agreement)
{
	*s = (struct scene){ .agreement = agreement };
	buffer_init(&s->to_server, VALUE_MAX);
	buffer_init(&s->to_client, VALUE_MAX);
	assert_int_equal(
	    agreement_start(agreement, crypto, &s->to_server, &s->client),
	    SP_OK);
	assert_int_equal(buffer_len(&s->to_server), agreement->client_len);
}

static void
end(struct scene *s)
{
	agreement_free(s->client);
	buffer_clear(&s->to_server);
	buffer_clear(&s->to_client);
	secret_clear(&s->ours);
	secret_clear(&s->theirs);
}

static enum sp_status
respond(struct scene *s, struct sp_view value)
{
	return agreement_respond(
	    s->agreement, crypto, value, &s->to_client, &s->theirs);
}

static void
both_sides_come_to_one_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct scene s;

		begin(&s, all[i]);
		assert_int_equal(respond(&s, buffer_view(&s.to_server)), SP_OK);
		assert_int_equal(buffer_len(&s.to_client), all[i]->server_len);
		assert_int_equal(agreement_finish(s.client,
				     buffer_view(&s.to_client), &s.ours),
		    SP_OK);
		assert_true(s.ours.len >= 32);
		assert_true(
		    view_equal(secret_view(&s.ours), secret_view(&s.theirs)));
		end(&s);
	}
}

static void
no_two_agreements_are_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct secret before = { NULL, 0 };
		struct scene s;

		begin(&s, all[i]);
		assert_int_equal(respond(&s, buffer_view(&s.to_server)), SP_OK);
		before = s.theirs;
		s.theirs = (struct secret){ NULL, 0 };
		assert_int_equal(respond(&s, buffer_view(&s.to_server)), SP_OK);
		assert_false(
		    view_equal(secret_view(&before), secret_view(&s.theirs)));
		secret_clear(&before);
		end(&s);
	}
}

/* A number may be shorter; it is tested where its edges are. */
static void
a_value_of_another_length_is_refused(void **state)
{
	static const uint8_t bytes[VALUE_MAX] = { 1 };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const size_t lens[] = { 0, 1, all[i]->client_len - 1,
			all[i]->client_len + 1, VALUE_MAX };
		struct scene s;

		begin(&s, all[i]);
		for (size_t k = all[i]->values_are_mpints ? 3 : 0; k < 5; k++) {
			struct sp_view value = view_of(bytes, lens[k]);

			if (lens[k] != all[i]->client_len)
				assert_int_equal(
				    respond(&s, value), SP_ERR_KEX_VALUE);
			if (lens[k] != all[i]->server_len)
				assert_int_equal(
				    agreement_finish(s.client, value, &s.ours),
				    SP_ERR_KEX_VALUE);
		}
		assert_int_equal(buffer_len(&s.to_client), 0);
		assert_null(s.ours.data);
		assert_null(s.theirs.data);
		end(&s);
	}
}

static void
a_value_of_nothing_but_zeros_is_refused(void **state)
{
	static const uint8_t zeros[VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct scene s;

		begin(&s, all[i]);
		assert_int_equal(
		    respond(&s, view_of(zeros, all[i]->client_len)),
		    SP_ERR_KEX_VALUE);
		assert_int_equal(
		    agreement_finish(
			s.client, view_of(zeros, all[i]->server_len), &s.ours),
		    SP_ERR_KEX_VALUE);
		assert_null(s.ours.data);
		assert_null(s.theirs.data);
		end(&s);
	}
}

static void
a_full_buffer_ends_an_agreement(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct agreement_state *state_left = NULL;
		struct buffer small;
		struct scene s;

		begin(&s, all[i]);
		buffer_init(&small, all[i]->client_len - 1);
		assert_int_equal(
		    agreement_start(all[i], crypto, &small, &state_left),
		    SP_ERR_LIMIT);
		assert_null(state_left);
		buffer_clear(&small);
		buffer_init(&small, all[i]->server_len - 1);
		assert_int_equal(
		    agreement_respond(all[i], crypto, buffer_view(&s.to_server),
			&small, &s.theirs),
		    SP_ERR_LIMIT);
		assert_null(s.theirs.data);
		buffer_clear(&small);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_come_to_one_secret),
		cmocka_unit_test(no_two_agreements_are_the_same),
		cmocka_unit_test(a_value_of_another_length_is_refused),
		cmocka_unit_test(a_value_of_nothing_but_zeros_is_refused),
		cmocka_unit_test(a_full_buffer_ends_an_agreement),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
