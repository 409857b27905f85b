/* The keys of hosts, in the text of a known_hosts file. */
#ifndef SP_HOSTBASED_HOSTKEYS_H
#define SP_HOSTBASED_HOSTKEYS_H

#include <sallyport/key.h>
#include <sallyport/module.h>

/* What is looked for. */
struct hostkeys_subject {
	const char *name; /* the host's */
	struct sp_view key; /* as it was shown: plain, or a certificate */
	struct sp_view plain; /* the key itself */
	struct sp_view authority; /* of the certificate; empty: it is none */
};

enum hostkeys_answer {
	HOSTKEYS_NOTHING, /* no line says that it is this host's */
	HOSTKEYS_YES,
	HOSTKEYS_REVOKED, /* this key, or its authority's, for whomever */
	HOSTKEYS_BROKEN, /* a line with a marker cannot be read */
};

/*
 * All of the text is read, whatever is found first. A certificate is looked
 * for by its authority, with "@cert-authority"; whether it is for this name,
 * and holds now, is for others to see. Lines that cannot be read hold no
 * key, but where they begin with "@" they could have revoked one. *line is
 * the number of that which decides.
 */
enum hostkeys_answer hostkeys_ask(
    struct sp_view text, const struct hostkeys_subject *, size_t *line);

#endif
