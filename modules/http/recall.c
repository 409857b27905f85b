/* Two tables of answers, a place for each key. */
#include "modules/http/recall.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct recall_entry {
	uint8_t key[RECALL_KEY_LEN];
	uint64_t until; /* ms; 0: it is empty */
	uint8_t *answer;
	size_t len;
};

static bool
make_shelf(struct recall_shelf *shelf, size_t size, uint64_t time)
{
	*shelf = (struct recall_shelf){ .time = time };
	if (time > 0)
		shelf->entries = calloc(size, sizeof *shelf->entries);
	return time == 0 || shelf->entries != NULL;
}

bool
recall_init(struct recall *r, size_t size, uint64_t yes_time, uint64_t no_time)
{
	*r = (struct recall){ .size = size };
	if (getrandom(r->secret, sizeof r->secret, 0) ==
		(ssize_t)sizeof r->secret &&
	    make_shelf(&r->yes, size, yes_time) &&
	    make_shelf(&r->no, size, no_time))
		return true;
	recall_clear(r);
	return false;
}

static void
empty(struct recall_entry *entry)
{
	free(entry->answer);
	*entry = (struct recall_entry){ .until = 0 };
}

static void
clear_shelf(struct recall_shelf *shelf, size_t size)
{
	for (size_t i = 0; shelf->entries != NULL && i < size; i++)
		empty(&shelf->entries[i]);
	free(shelf->entries);
}

void
recall_clear(struct recall *r)
{
	clear_shelf(&r->yes, r->size);
	clear_shelf(&r->no, r->size);
	OPENSSL_cleanse(r->secret, sizeof r->secret);
	*r = (struct recall){ .size = 0 };
}

bool
recall_key(
    const struct recall *r, struct sp_view asked, uint8_t key[RECALL_KEY_LEN])
{
	unsigned len = RECALL_KEY_LEN;

	return HMAC(EVP_sha256(), r->secret, sizeof r->secret, asked.data,
		   asked.len, key, &len) != NULL;
}

/* A hash under a secret key: nobody chooses whose place he takes. */
static struct recall_entry *
place_of(const struct recall *r, const struct recall_shelf *shelf,
    const uint8_t key[RECALL_KEY_LEN])
{
	uint64_t number;

	if (shelf->entries == NULL)
		return NULL;
	memcpy(&number, key, sizeof number);
	return &shelf->entries[number % r->size];
}

static bool
find_on(const struct recall *r, const struct recall_shelf *shelf,
    const uint8_t key[RECALL_KEY_LEN], uint64_t now, struct sp_view *answer)
{
	struct recall_entry *entry = place_of(r, shelf, key);

	if (entry == NULL || entry->until == 0 ||
	    CRYPTO_memcmp(entry->key, key, RECALL_KEY_LEN) != 0)
		return false;
	if (entry->until <= now) {
		empty(entry);
		return false;
	}
	*answer = (struct sp_view){ entry->answer, entry->len };
	return true;
}

bool
recall_find(struct recall *r, const uint8_t key[RECALL_KEY_LEN], uint64_t now,
    struct sp_view *answer)
{
	return find_on(r, &r->yes, key, now, answer) ||
	    find_on(r, &r->no, key, now, answer);
}

/* The other kind's, if it is of the same question. */
static void
forget_on(const struct recall *r, const struct recall_shelf *shelf,
    const uint8_t key[RECALL_KEY_LEN])
{
	struct recall_entry *entry = place_of(r, shelf, key);

	if (entry != NULL && memcmp(entry->key, key, RECALL_KEY_LEN) == 0)
		empty(entry);
}

void
recall_store(struct recall *r, const uint8_t key[RECALL_KEY_LEN], bool is_yes,
    uint64_t now, struct sp_view answer)
{
	const struct recall_shelf *shelf = is_yes ? &r->yes : &r->no;
	struct recall_entry *entry = place_of(r, shelf, key);
	uint8_t *copy = entry == NULL ? NULL : malloc(answer.len + 1);

	forget_on(r, is_yes ? &r->no : &r->yes, key);
	if (copy == NULL)
		return;
	memcpy(copy, answer.data, answer.len);
	empty(entry);
	memcpy(entry->key, key, RECALL_KEY_LEN);
	entry->until = now + shelf->time;
	entry->answer = copy;
	entry->len = answer.len;
}
