/* A transport by itself, of either role, for tests of its files. */
#ifndef SP_TESTS_FIXTURE_H
#define SP_TESTS_FIXTURE_H

#include "lib/transport/transport.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_crypto *fixture_crypto;

static inline int
fixture_set_up(void **state)
{
	(void)state;
	fixture_crypto = sp_crypto_new();
	return fixture_crypto == NULL;
}

static inline int
fixture_tear_down(void **state)
{
	(void)state;
	sp_crypto_free(fixture_crypto);
	return 0;
}

static inline struct sp_engine_config
fixture_config(enum sp_role role)
{
	static const struct sp_host_key key = { "ssh-ed25519",
		{ (const uint8_t *)"a blob", 6 } };

	return (struct sp_engine_config){
		.role = role,
		.crypto = fixture_crypto,
		.host_keys = &key,
		.host_key_count = role == SP_SERVER,
		.now_ms = 1000,
	};
}

static inline void
fixture_transport(struct transport *t, enum sp_role role)
{
	const struct sp_engine_config config = fixture_config(role);

	assert_int_equal(transport_init(t, &config), SP_OK);
}

#endif
