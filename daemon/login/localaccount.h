/*
 * An account of this machine: who a login becomes. What the user database
 * says is copied, so that nothing asks it again.
 */
#ifndef SP_LOGIN_LOCALACCOUNT_H
#define SP_LOGIN_LOCALACCOUNT_H

#include <sallyport/types.h>

#include <sys/types.h>

struct localaccount {
	bool exists;
	char *name;
	char *home;
	char *shell; /* never empty */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* with gid */
	size_t group_count;
	const char *problem; /* why nobody may log in to it; or NULL */
	bool is_locked; /* its password begins with "!" */
	bool must_change; /* its password, before it can be used */
	bool is_password_old; /* the same, by whose password it is */
};

/*
 * Looks an account up; an unknown name gives one that does not exist.
 * False when the answer cannot be had (memory).
 */
SP_MUST_USE bool localaccount_find(const char *name, struct localaccount *);

/*
 * Stands for an account that does not exist or may not be used, where
 * work must be done all the same: no file is its own.
 */
SP_MUST_USE bool
localaccount_make_decoy(const char *name, struct localaccount *);

void localaccount_clear(struct localaccount *);

/*
 * The names of an account's groups, for the rules; freed by
 * localaccount_free_group_names(). False without memory.
 */
SP_MUST_USE bool localaccount_group_names(
    const struct localaccount *, char ***names, size_t *count);
void localaccount_free_group_names(char **names, size_t count);

/*
 * Why this account may not log in now, a phrase that follows "because";
 * NULL when it may. With needs_shell its shell must be one that starts.
 */
const char *localaccount_refusal(const struct localaccount *, bool needs_shell);

/* While it is there only root may log in. */
#define LOCALACCOUNT_NOLOGIN "/etc/nologin"

/* True while /etc/nologin keeps everybody but root out. */
bool localaccount_is_kept_out(const struct localaccount *);

#endif
