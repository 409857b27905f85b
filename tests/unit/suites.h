/*
 * Every cipher of the table with every MAC it can have, for loops over all
 * of them: a new row is tested wherever this is used.
 */
#ifndef SP_TESTS_SUITES_H
#define SP_TESTS_SUITES_H

#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"

#include <sallyport/engine.h>

/* The suite of a number; false behind the last. */
static inline bool
suites_at(size_t index, struct cipher_suite *suite)
{
	enum algorithm_set set;
	const char *cipher, *mac;

	*suite = (struct cipher_suite){ NULL, NULL };
	for (size_t i = 0; (cipher = cipher_row(i, &set)) != NULL; i++) {
		suite->cipher = cipher_find(view_of_string(cipher));
		suite->mac = NULL;
		if (suite->cipher->tag_len > 0 && index-- == 0)
			return true;
		if (suite->cipher->tag_len > 0)
			continue;
		for (size_t k = 0; (mac = mac_row(k, &set)) != NULL; k++) {
			suite->mac = mac_find(view_of_string(mac));
			if (index-- == 0)
				return true;
		}
	}
	return false;
}

/* Has an engine offer that suite and no other; some of them compressed. */
static inline void
suites_offer(struct sp_engine_config *config, struct cipher_suite suite)
{
	config->algorithms.cipher = suite.cipher->name;
	config->algorithms.mac = suite.mac == NULL ? NULL : suite.mac->name;
	config->algorithms.compression = suite.mac != NULL && suite.mac->is_etm
	    ? "zlib@openssh.com"
	    : "none";
}

/* Keys of the right lengths, all from the same bytes (64 of them). */
static inline struct cipher_keys
suites_keys(struct cipher_suite suite, const uint8_t *bytes)
{
	return (struct cipher_keys){
		.key = view_of(bytes, suite.cipher->key_len),
		.iv = view_of(bytes, suite.cipher->iv_len),
		.mac = view_of(bytes, suite.mac == NULL ? 0 : suite.mac->len),
	};
}

#endif
