/* Programs that are told of what a guard is about to do, or has done. */
#ifndef SP_SFTP_GUARDHOOK_H
#define SP_SFTP_GUARDHOOK_H

#include "modules/sftp/guard.h"

SP_MUST_USE bool guardhook_init(struct guard *, const struct policy_conf *);
/*
 * Nobody waits any more: what has happened is told of, what was waited for is
 * refused. Before files are abandoned and the storage is detached.
 */
void guardhook_leave(struct guard *);

/*
 * Room for all programs that will be told of the call, once it has happened;
 * false where there is not so much: then it may not happen. What the call, or
 * the file that it opened, made no use of is given back.
 */
SP_MUST_USE bool guardhook_keep_places(struct guard *);
void guardhook_give_back(struct guard *);

/* Whether a name in the call's paths is one that no program is told. */
bool guardhook_is_odd(const struct guard *);

/*
 * Whether one would be asked or told of this path in such an event: what has
 * no event of its own may not have the same effect behind its back.
 */
bool
guardhook_concerns(const struct guard *, enum hook_event, const char *path);

/*
 * Asks about the call's paths; the step goes on with SP_FILE_OK, or with a
 * refusal whose reason is in the reply.
 */
uint32_t guardhook_before(struct guard *, enum hook_event, guard_step *);

/* Tells of them; the step goes on with SP_FILE_OK. */
uint32_t guardhook_after(struct guard *, enum hook_event, guard_step *);

/*
 * The same of the file that is being closed: whether it may appear, or may
 * be said to have come, and that it has.
 */
uint32_t guardhook_whole(struct guard *, guard_step *);
uint32_t guardhook_came(struct guard *, enum hook_event, guard_step *);

/* In their order: each is told of a file once. */
enum guardhook_told {
	GUARDHOOK_TOLD_NONE,
	GUARDHOOK_TOLD_WHOLE,
	GUARDHOOK_TOLD_UPLOAD,
	GUARDHOOK_TOLD_DOWNLOAD,
};

/*
 * Tells all that were not yet, and waits for none, of a file that is there:
 * written, and read if it was closed.
 */
void guardhook_mention(struct guard *, struct guard_file *);

#endif
