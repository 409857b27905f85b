/* Places of eight words: what a key is known by, and seven numbers. */
#include "daemon/ipc/tally.h"

#include "lib/crypto/digest.h"
#include "lib/wire/view.h"

struct place {
	uint64_t mark; /* 0: free */
	uint64_t words[TALLY_WORDS];
};

_Static_assert(sizeof(struct place) * TALLY_PLACES == TALLY_SIZE,
    "the places fill the page");

/* 0: there is none, for want of memory. */
static uint64_t
mark_of(const struct sp_crypto *crypto, struct sp_view key)
{
	static const char domain[] = "sallyport tally 1";
	const struct sp_view pieces[] = {
		view_of(domain, sizeof domain), /* with its NUL */
		key,
	};
	uint8_t hash[32];
	uint64_t mark;

	if (digest_of(crypto, DIGEST_SHA256, pieces, 2, hash) != SP_OK)
		return 0;
	memcpy(&mark, hash, sizeof mark);
	return mark == 0 ? 1 : mark;
}

/* Whether it is, or has become now, the mark's. */
static bool
take(struct place *place, uint64_t mark)
{
	uint64_t found = 0;

	return __atomic_compare_exchange_n(&place->mark, &found, mark, false,
		   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
	    found == mark;
}

/* None is given back, so that two who look for one key meet in one place. */
uint64_t *
tally_find(void *page, const struct sp_crypto *crypto, struct sp_view key)
{
	struct place *places = page;
	uint64_t mark = page == NULL ? 0 : mark_of(crypto, key);

	for (uint64_t i = 0; mark != 0 && i < TALLY_PLACES; i++) {
		struct place *place =
		    &places[(mark % TALLY_PLACES + i) % TALLY_PLACES];

		if (take(place, mark))
			return place->words;
	}
	return NULL;
}
