/*
 * All that is done once, before the first fork, so that no login has to:
 * modules loaded, algorithms fetched, the name service's libraries opened.
 */
#ifndef SP_LOGIN_PREPARATION_H
#define SP_LOGIN_PREPARATION_H

#include "daemon/login/zygote.h"

/*
 * Fills in what the zygote is given; memory is the arena's, for good.
 * False with a sentence in problem.
 */
SP_MUST_USE bool preparation_make(struct zygote_given *,
    const struct login_settings *, const struct modload_folder *,
    struct arena *, char problem[MODLOAD_PROBLEM_SIZE]);

#endif
