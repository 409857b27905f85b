/*
 * CONDUCT: how a connection ended, told to the ledger, which counts it for
 * its source. Who may say what is the ledger's to know.
 */
#ifndef SP_IPC_CONDUCT_H
#define SP_IPC_CONDUCT_H

#include "lib/wire/writer.h"

/* The names of OpenSSH's PerSourcePenalties. */
enum conduct_kind {
	CONDUCT_NONE, /* nothing that is counted; never sent to a ledger */
	CONDUCT_NOAUTH, /* nobody tried to log in */
	CONDUCT_GRACE_EXCEEDED, /* the time to do so went by */
	CONDUCT_AUTHFAIL, /* it was tried, in vain */
	CONDUCT_CRASH, /* the process that served it died of a signal */
	CONDUCT_SUCCESS, /* somebody was let in */
	CONDUCT_KINDS
};

enum { CONDUCT_ADDRESS_LEN = 16 };

struct conduct {
	enum conduct_kind kind;
	/* Where it came from; IPv4 in its mapped form (RFC 4291 2.5.5.2). */
	uint8_t address[CONDUCT_ADDRESS_LEN];
	bool is_claimed; /* that is a gate's word, for what a proxy said */
};

SP_MUST_USE enum sp_status
conduct_encode(const struct conduct *, struct buffer *);
SP_MUST_USE enum sp_status conduct_decode(struct sp_view, struct conduct *);

/* In the words in which OpenSSH logs a penalty. */
const char *conduct_text(enum conduct_kind);

#endif
