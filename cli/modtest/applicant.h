/*
 * Somebody who wants to be let in, for an auth module: it is asked as a
 * login would ask it, with the same functions to call, but without a
 * connection, and in this process.
 */
#ifndef SP_MODTEST_APPLICANT_H
#define SP_MODTEST_APPLICANT_H

#include "cli/modtest/answer.h"
#include "daemon/config/arena.h"
#include "daemon/config/cidr.h"
#include "daemon/modload/modgroup.h"

#include <sallyport/key.h>

struct attendant;

struct applicant_given {
	const struct sp_crypto *crypto;
	const struct modgroup *group; /* an auth module */
	const struct cidr_endpoint *peer; /* where he comes from */
	struct attendant
	    *attendant; /* of the module's service, if it has one */
};

/* "restrict pty=no", "env NAME=value". */
struct restrictions;
void applicant_tell_restrictions(struct answer *, const struct restrictions *);

/*
 * Each of these: "ALLOW identity=NAME", or the verdict alone; then what was
 * taken away or brought ("restrict pty=no", "env NAME=value"), and what was
 * asked and told. A method that the module does not have is a failure.
 */

/*
 * A public key, or a certificate, as in a file of ssh-keygen's. With probe
 * the host would not have seen a signature.
 */
void applicant_offer_key(const struct applicant_given *, const char *user,
    const char *file, bool probe, struct answer *);

/* With new_password, which may be NULL, where the answer is CHANGE. */
void applicant_offer_password(const struct applicant_given *, const char *user,
    const char *password, const char *new_password, struct answer *);

/* "keyboard-interactive", and the answers, one a question. */
void applicant_offer_answers(const struct applicant_given *, const char *user,
    const struct string_list *answers, struct answer *);

/* Whose key vouches, and for whom. */
struct applicant_host {
	const char *file; /* as of a public key */
	const char *name;
	const char *user; /* his name there */
};
void applicant_offer_host(const struct applicant_given *, const char *user,
    const struct applicant_host *, struct answer *);

void applicant_offer_nothing(
    const struct applicant_given *, const char *user, struct answer *);

#endif
