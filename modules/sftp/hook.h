/*
 * Programs that are run when something is done to files: before it, where
 * they may refuse it, or when it has happened. A channel tells of one thing
 * at a time, to each hook that it is for, in their order.
 */
#ifndef SP_SFTP_HOOK_H
#define SP_SFTP_HOOK_H

#include <sallyport/storage.h>
#include <sys/queue.h>

enum hook_event {
	HOOK_UPLOAD = 0x01,
	HOOK_DOWNLOAD = 0x02,
	HOOK_DELETE = 0x04,
	HOOK_RENAME = 0x08,
	HOOK_MKDIR = 0x10,
	HOOK_RMDIR = 0x20,
};

enum hook_time {
	HOOK_BEFORE, /* waited for; may refuse */
	HOOK_WHOLE, /* the same, of an upload that has come */
	HOOK_AFTER, /* not waited for */
};

/* What became of a file that was open. */
enum hook_result {
	HOOK_NO_RESULT, /* none was */
	HOOK_RESULT_WHOLE,
	HOOK_RESULT_FAILED, /* not all of it is there */
	HOOK_RESULT_CUT, /* the client left before he was told that it is */
};

enum { HOOK_AT_ONCE_MAX = 32 };

/* The options of one. */
struct hook_conf {
	struct sp_list before, after; /* names of events */
	bool wait; /* for those after an upload */
	struct sp_list path; /* patterns; none: all */
	struct sp_list run, env;
	uint64_t time;
};

extern const struct sp_opt hook_options[];

/* What they are told of; borrowed until it is over. */
struct hook_call {
	enum hook_event event;
	enum hook_time time;
	const char *path, *target; /* as the client sees them; or NULL */
	const char *file, *target_file; /* on this machine; or NULL */
	enum hook_result result; /* if any, with: */
	uint64_t bytes, time_ms;
	bool is_settled; /* it has happened, whatever is said of it */
	size_t *places; /* kept by hook_keep_places(), less those used */
};

struct hook;

struct hooks {
	struct sp_chan *chan;
	struct hook *list; /* as the options have them */
	size_t count, at_once;
	size_t running;
	LIST_HEAD(, hook_run) runs;

	/* the call at hand */
	struct hook_call call;
	size_t next; /* the next hook to be asked */
	bool is_waiting; /* for one, or for one of those that run */
	bool is_awaited; /* the call's own is running */
	bool is_leaving; /* nobody waits any more */
	void (*done)(void *arg, uint32_t status);
	void *arg;
};

/* False, with a sentence, where the options make no sense. */
SP_MUST_USE bool
hook_check(const struct sp_groups *, char *err, size_t err_size);

/*
 * The options were checked and stay. done() is called for a call that was
 * answered later. False, which was logged, where a value cannot be put in,
 * or without memory.
 */
SP_MUST_USE bool
hook_init(struct hooks *, struct sp_chan *, const struct sp_groups *,
    size_t at_once, void (*done)(void *arg, uint32_t status), void *arg);
/*
 * Nobody waits any more: the call at hand is told to all that it is for if it
 * has happened, and else refused. Calls can be told still, and none waits.
 */
void hook_leave(struct hooks *);
/* Behind that. What runs goes on, but for what might have refused. */
void hook_clear(struct hooks *);

/* Whether one would be told, of one of the paths (target: or NULL). */
bool hook_is_for(const struct hooks *, enum hook_event, enum hook_time,
    const char *path, const char *target);

/*
 * Keeps a place for each that will be told of these events, once they have
 * happened; false where there are not so many. The places are the caller's, to
 * be given back with sp_chan_give_back_places().
 */
SP_MUST_USE bool hook_keep_places(const struct hooks *, unsigned events,
    const char *path, const char *target, size_t *places);

/* Tells all that it is for, beside a call at hand, and waits for none. */
void hook_mention(struct hooks *, const struct hook_call *);

/*
 * Tells all that it is for. SP_FILE_OK; SP_FILE_DENIED where one that is
 * waited for has not ended well, or could not be started; or SP_FILE_LATER,
 * and then done() with one of those.
 */
uint32_t hook_tell(struct hooks *, const struct hook_call *);

#endif
