/*
 * The notary: the keyholder as a gate sees it. It knows the public host
 * keys, has exchanges signed, and gets a ticket with each signature.
 */
#ifndef SP_GATE_NOTARY_H
#define SP_GATE_NOTARY_H

#include "daemon/gate/neighbour.h"
#include "daemon/ipc/control.h"
#include "daemon/ipc/cookie.h"

#include <sallyport/engine.h>

struct notary;

/* One exchange to be signed; embedded in the connection it is of. */
struct notary_request {
	/*
	 * SP_EVENT_SIGN_EXCHANGE, borrowed until answered: signature and
	 * ticket are empty where the keyholder refused.
	 */
	const struct sp_event *question;
	const char *listener; /* by which he came; borrowed */
	uint64_t serial; /* of the cookie of his first exchange */
	struct cidr_address source; /* whose turn it has to be */
	void (*answer)(struct notary_request *, struct sp_view signature,
	    struct sp_view ticket);
	/* The notary's own. */
	struct errand errand;
	struct notary *notary;
	uint64_t id;
	bool is_asked; /* the keyholder's answer is awaited */
	TAILQ_ENTRY(notary_request) link;
};

/* NULL without memory. */
struct notary *notary_new(struct event_base *);
/* The requests must have been answered or cancelled. NULL is allowed. */
void notary_free(struct notary *);

/*
 * Takes the socket to a new keyholder; what is not answered is sent again.
 * link is the secret shared with it, and copied.
 */
SP_MUST_USE enum sp_status
notary_replace(struct notary *, int socket, struct sp_view link);
/*
 * Whether there is a keyholder now. The next will not know the cookies of
 * the last one's exchanges, so that none is begun meanwhile.
 */
bool notary_is_there(const struct notary *);
/* A cookie for a first KEXINIT, and its number for the request. */
SP_MUST_USE enum sp_status notary_make_cookie(struct notary *,
    const struct sp_crypto *, uint64_t *serial, uint8_t cookie[COOKIE_LEN]);
/* SP_ERR_FORMAT, SP_ERR_MEMORY, and for none at all SP_ERR_ARGUMENT. */
SP_MUST_USE enum sp_status
notary_set_keys(struct notary *, struct sp_view body);
/*
 * Those of a listener, in the caller's room: how many. Valid until the keys
 * are set anew; none before.
 */
size_t notary_keys(const struct notary *, const char *listener,
    struct sp_host_key keys[CONTROL_HOST_KEYS_MAX]);

/*
 * question and answer are set. An answer comes from inside only where the
 * request cannot be sent at all.
 */
void notary_ask(struct notary *, struct notary_request *);
/* Whether an answer is still to come. */
bool notary_is_asked(const struct notary_request *);
/* Does nothing for what was not asked, or is answered. */
void notary_cancel(struct notary *, struct notary_request *);

#endif
