/* The evaluation of `accept`: which steps a request satisfies. */
#include "daemon/login/accept.h"

#include "lib/wire/namelist.h"

#include <stdlib.h>

struct accept_key {
	struct accept_key *next;
	size_t len;
	uint8_t blob[];
};

bool
accept_init(struct accept *a, const struct profile_settings *profile)
{
	*a = (struct accept){ .profile = profile };
	a->done = calloc(profile->accept_count, sizeof *a->done);
	return a->done != NULL;
}

void
accept_clear(struct accept *a)
{
	while (a->keys != NULL) {
		struct accept_key *key = a->keys;

		a->keys = key->next;
		free(key);
	}
	free(a->done);
	*a = (struct accept){ 0 };
}

static size_t
next_step(const struct accept *a, size_t way)
{
	return a->profile->accept[way].steps[a->done[way]];
}

static bool
is_last_step(const struct accept *a, size_t way)
{
	return a->done[way] + 1 == a->profile->accept[way].count;
}

/* Several ways may wait for the same group: it is asked once. */
static bool
is_first_to_wait(const struct accept *a, size_t way)
{
	for (size_t i = 0; i < way; i++) {
		if (next_step(a, i) == next_step(a, way))
			return false;
	}
	return true;
}

static bool
has_satisfied(const struct accept *a, struct sp_view key)
{
	for (const struct accept_key *k = a->keys; k != NULL; k = k->next) {
		if (view_equal(view_of(k->blob, k->len), key))
			return true;
	}
	return false;
}

static bool
remember_key(struct accept *a, struct sp_view blob)
{
	struct accept_key *key;

	if (blob.len == 0)
		return true;
	key = malloc(sizeof *key + blob.len);
	if (key == NULL)
		return false;
	key->next = a->keys;
	key->len = blob.len;
	memcpy(key->blob, blob.data, blob.len);
	a->keys = key;
	return true;
}

/*
 * The group says yes: every way that waits for it goes a step on. With
 * SP_MORE a way whose last step this is stays where it is.
 */
static enum accept_outcome
go_on(struct accept *a, size_t auth, bool must_follow, struct sp_view key)
{
	enum accept_outcome outcome = ACCEPT_NO_NEXT_STEP;

	if (!remember_key(a, key))
		return ACCEPT_REFUSED;
	for (size_t i = 0; i < a->profile->accept_count; i++) {
		if (next_step(a, i) != auth)
			continue;
		if (is_last_step(a, i)) {
			if (must_follow)
				continue;
			return ACCEPT_DONE;
		}
		a->done[i]++;
		outcome = ACCEPT_STEP;
	}
	return outcome;
}

enum accept_outcome
accept_judge(struct accept *a, const struct accept_request *request,
    const struct accept_asker *asker)
{
	enum accept_outcome outcome = ACCEPT_REFUSED;

	if (request->key.len > 0 && has_satisfied(a, request->key))
		return ACCEPT_REFUSED;
	for (size_t i = 0; i < a->profile->accept_count; i++) {
		size_t auth = next_step(a, i);
		const char *methods = asker->methods(auth, asker->arg);
		enum sp_verdict verdict;

		if (!is_first_to_wait(a, i) ||
		    !namelist_has(view_of_string(methods), request->method))
			continue;
		verdict = asker->ask(auth, asker->arg);
		if (verdict == SP_FAIL)
			outcome = ACCEPT_UNJUDGED;
		if (verdict == SP_NEXT ||
		    (verdict == SP_FAIL && asker->goes_on(auth, asker->arg)))
			continue;
		if (verdict == SP_FAIL)
			return outcome;
		if (verdict == SP_CHANGE && !request->is_probe)
			return ACCEPT_CHANGE;
		if (verdict != SP_ALLOW && verdict != SP_MORE)
			return ACCEPT_REFUSED;
		if (request->is_probe)
			return ACCEPT_WOULD_DO;
		return go_on(a, auth, verdict == SP_MORE, request->key);
	}
	return outcome;
}

bool
accept_serves(const struct accept *a, const struct accept_asker *asker,
    struct sp_view method)
{
	for (size_t i = 0; i < a->profile->accept_count; i++) {
		const char *methods =
		    asker->methods(next_step(a, i), asker->arg);

		if (namelist_has(view_of_string(methods), method))
			return true;
	}
	return false;
}

/* Adds a name to the list in room, unless it is there or does not fit. */
static void
add_method(char *room, size_t size, struct sp_view name)
{
	size_t len = strlen(room);
	size_t comma = len > 0 ? 1 : 0;

	/* RFC 4252 5.1 forbids to name "none". */
	if (view_equal_string(name, "none") ||
	    namelist_has(view_of(room, len), name) ||
	    size - len <= comma + name.len)
		return;
	if (comma > 0)
		room[len++] = ',';
	memcpy(room + len, name.data, name.len);
	room[len + name.len] = '\0';
}

void
accept_methods(const struct accept *a, const struct accept_asker *asker,
    char *room, size_t size)
{
	room[0] = '\0';
	for (size_t i = 0; i < a->profile->accept_count; i++) {
		size_t auth = next_step(a, i);
		struct sp_view list, name;

		list = view_of_string(asker->methods(auth, asker->arg));
		while (namelist_next(&list, &name))
			add_method(room, size, name);
	}
}
