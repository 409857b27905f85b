/*
 * What each login is busy with, in memory that it shares with the zygote.
 * A login that hangs is killed when its time is up and cannot tell where;
 * its parent reads it here. It is a login's word about itself, and good for
 * nothing but a line in the log.
 */
#ifndef SP_LOGIN_PROGRESS_H
#define SP_LOGIN_PROGRESS_H

#include <sallyport/types.h>

/* More logins run at the same time without a place: their end is told less. */
enum { PROGRESS_PLACES = 256, PROGRESS_USER_SIZE = 256 };

enum progress_stage {
	PROGRESS_TALK, /* the client is to say something */
	PROGRESS_ACCOUNT, /* the account is looked up */
	PROGRESS_WAY, /* and its place among the ways: it is asked */
};

struct progress_place {
	uint32_t is_taken;
	uint32_t stage;
	char user[PROGRESS_USER_SIZE];
};

struct progress; /* all places */

/* NULL where there is no memory: then nothing is told. */
struct progress *progress_new(void);
/* In a process that must not see it any more. */
void progress_forget(struct progress *);

/* NULL when there is none left, or progress is NULL. */
struct progress_place *progress_take(struct progress *);
/* Wiped. NULL does nothing, here and below. */
void progress_leave(struct progress_place *);

/* The login's part. */
void progress_begin(struct progress_place *, struct sp_view user);
void progress_set(struct progress_place *, uint32_t stage);

/*
 * The parent's: a copy of what the place says now, with an end to the name.
 * False while the login waits for its client, or is not known.
 */
SP_MUST_USE bool
progress_read(const struct progress_place *, struct progress_place *copy);

#endif
