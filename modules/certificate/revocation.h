/*
 * Lists of what is taken back: of ssh-keygen -k, or files with the texts or
 * fingerprints of keys.
 */
#ifndef SP_MODULE_REVOCATION_H
#define SP_MODULE_REVOCATION_H

#include <sallyport/key.h>
#include <sallyport/module.h>

enum revocation_answer {
	REVOCATION_NO,
	REVOCATION_YES,
	REVOCATION_BROKEN, /* a list cannot be read, or trusted; it is told */
};

/*
 * Whether one of the files has the credential's key; or its certificate
 * (NULL: it is none), the key that is for, or its authority's. They must be
 * trusted as the configuration is, and are read until one has it.
 */
enum revocation_answer
revocation_find(struct sp_login *, const struct sp_list *files,
    const struct sp_cred *, const struct sp_certificate *);

#endif
