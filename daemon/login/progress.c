/* Places in a mapping that a fork shares. */
#include "daemon/login/progress.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>

struct progress {
	struct progress_place places[PROGRESS_PLACES];
};

struct progress *
progress_new(void)
{
	void *room = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

void
progress_forget(struct progress *progress)
{
	if (progress != NULL)
		munmap(progress, sizeof *progress);
}

struct progress_place *
progress_take(struct progress *progress)
{
	for (size_t i = 0; progress != NULL && i < PROGRESS_PLACES; i++) {
		struct progress_place *place = &progress->places[i];

		if (place->is_taken != 0)
			continue;
		*place = (struct progress_place){ .is_taken = 1 };
		return place;
	}
	return NULL;
}

void
progress_leave(struct progress_place *place)
{
	if (place != NULL)
		OPENSSL_cleanse(place, sizeof *place);
}

void
progress_begin(struct progress_place *place, struct sp_view user)
{
	if (place == NULL)
		return;
	if (user.len >= sizeof place->user)
		user.len = sizeof place->user - 1;
	memcpy(place->user, user.data, user.len);
	place->user[user.len] = '\0';
	place->stage = PROGRESS_ACCOUNT;
}

void
progress_set(struct progress_place *place, uint32_t stage)
{
	if (place != NULL)
		place->stage = stage;
}

bool
progress_read(const struct progress_place *place, struct progress_place *copy)
{
	if (place == NULL)
		return false;
	memcpy(copy, place, sizeof *copy);
	copy->user[sizeof copy->user - 1] = '\0';
	return copy->stage != PROGRESS_TALK;
}
