/* Whose keys and certificates a program of this folder believes. */
#ifndef INTEROP_AUTHORITY_H
#define INTEROP_AUTHORITY_H

#include <sallyport/key.h>

/* Whether a text of public key lines has this key; NULL has none. */
bool authority_lists(const char *lines, struct sp_view blob);

/*
 * Takes a certificate that is worth something today: of this kind (of enum
 * SP_CERTIFICATE_*), for this name, without an option that it depends on,
 * and signed by a key among these lines. *why is set where it is not.
 */
bool authority_certifies(const struct sp_crypto *, const char *authorities,
    uint32_t kind, const char *name, struct sp_view blob,
    struct sp_certificate *certificate, const char **why);

#endif
