/*
 * Arrears: what sources still owe for what their connections did. It is
 * memory that the supervisor makes and the ledger alone writes, so that
 * neither a ledger that dies nor a reload forgets it; gates and logins have
 * it to read, and ask nobody when somebody comes. A source is an IPv4
 * address or an IPv6 /64. There are so many places and no more, half of them
 * for each family: where a source has none left, the one that owes least of
 * those that could stand there is forgotten.
 */
#ifndef SP_IPC_ARREARS_H
#define SP_IPC_ARREARS_H

#include "daemon/ipc/conduct.h"

enum {
	ARREARS_SETS = 4096, /* of each family; a power of two */
	ARREARS_WAYS = 16, /* places where one source may stand */
};

struct arrears_pages;

/* All zero: closed, and nobody stands there. */
struct arrears {
	struct arrears_pages *pages; /* not inherited by children */
	uint64_t writer; /* which of those that wrote; 0: it reads */
};

/* Times are ms of CLOCK_MONOTONIC. All zero: of a source unheard of. */
struct arrears_account {
	uint64_t until; /* when all that it owes is paid */
	uint64_t known_until; /* for so long it counts that somebody got in */
	bool is_enforced; /* it is refused until then */
	enum conduct_kind cause; /* of the last penalty */
};

/*
 * Empty ones: a descriptor for who writes, and one that can only be read by.
 * False with errno set.
 */
SP_MUST_USE bool arrears_make(int *whole, int *view);

/*
 * Takes the descriptor, unless it returns false; it is closed, since the
 * memory alone is needed. It has to be one of arrears_make(), whose size
 * nobody can change. Open arrears are closed before. Who opens them to
 * write is the only one from then on: who did so before writes no more.
 */
SP_MUST_USE bool arrears_open(struct arrears *, int fd, bool writes);
void arrears_close(struct arrears *);

/* Never waits for who writes. All zero for who is not there. */
struct arrears_account arrears_find(
    const struct arrears *, const uint8_t address[CONDUCT_ADDRESS_LEN]);

enum arrears_outcome {
	ARREARS_KEPT,
	ARREARS_CROWDED, /* kept, and another one forgotten that was live */
	ARREARS_REFUSED, /* they are closed, or another's to write by now */
};
enum arrears_outcome
arrears_keep(struct arrears *, const uint8_t address[CONDUCT_ADDRESS_LEN],
    const struct arrears_account *, uint64_t now);

/*
 * Nobody owes more than so much, nor is known for longer: for who writes by
 * other settings than the last.
 */
void arrears_limit(
    struct arrears *, uint64_t now, uint64_t most, uint64_t known_most);

#endif
