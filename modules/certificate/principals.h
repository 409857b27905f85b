/* Whom a certificate is for, and who may log in as the user. */
#ifndef SP_MODULE_PRINCIPALS_H
#define SP_MODULE_PRINCIPALS_H

#include <sallyport/key.h>
#include <sallyport/module.h>

/* Whether it is for one of the names, which are expanded. */
bool principals_are_listed(struct sp_login *, const struct sp_certificate *,
    const struct sp_list *names);

/*
 * Whether it is for one of those in a file, opened as the user: a name a
 * line, options before it as in authorized_keys, "#" and what follows
 * left out. What the options say is said of the login.
 */
bool principals_are_in_file(
    struct sp_login *, const struct sp_certificate *, const char *pattern);

#endif
