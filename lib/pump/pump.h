/*
 * A pump joins one engine to one socket on a libevent loop: the only place
 * where protocol bytes meet an event loop. It reads while the engine has
 * room, hands every event to its owner, writes what the engine has for the
 * peer, and keeps the engine's clock.
 *
 * The owner answers questions inside its event callback, or later and then
 * calls pump_kick(). After SP_EVENT_CLOSED the pump sends what is left and
 * says that the connection is over; the owner then frees it. The owner may
 * free or release the pump inside any of its callbacks: the pump's memory
 * goes when its own code has returned.
 *
 * The base must know edges (epoll): a socket is added to it once and never
 * changed. It must not have EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST, which
 * forgets to remove a descriptor that is closed while another process
 * holds the same socket.
 */
#ifndef SP_PUMP_PUMP_H
#define SP_PUMP_PUMP_H

#include <sallyport/engine.h>

#include <sys/queue.h>

struct event_base;
struct pump;

struct pump_owner {
	/* Each event of the engine, SP_EVENT_CLOSED (the last) included. */
	void (*event)(struct pump *, const struct sp_event *, void *arg);
	/*
	 * The last call, after SP_EVENT_CLOSED: all was sent that could be.
	 * The pump moves no more bytes and waits to be freed.
	 */
	void (*over)(struct pump *, void *arg);
};

/*
 * Takes socket (non-blocking) and engine; borrows base and owner. Nothing
 * moves before the first pump_kick(). NULL without memory, or where the base
 * has no edges (libevent falls back on other ways where it gets no epoll):
 * socket and engine are still the caller's.
 */
struct pump *pump_new(struct event_base *, int socket, struct sp_engine *,
    const struct pump_owner *, void *arg);

/*
 * How long the last bytes may take to leave after SP_EVENT_CLOSED: five
 * seconds unless set, and then one more for the peer to go too, where it
 * was not the peer who ended it. With 0 it is over in the same turn.
 */
void pump_set_linger(struct pump *, uint64_t ms);

/*
 * Closes the socket without a word (no shutdown: others may hold it) and
 * frees the engine. NULL is allowed.
 */
void pump_free(struct pump *);

/*
 * Frees the pump alone and gives back what it held. Output that was not
 * sent yet is still the engine's.
 */
void pump_release(struct pump *, int *socket, struct sp_engine **);

/*
 * Call it after calls to the engine from outside the pump's callbacks: it
 * hands out the events they made and writes. May end in the owner's
 * callbacks, over() included.
 */
void pump_kick(struct pump *);

/*
 * Calls work as a part of the pump's turn: what it does to the engine is
 * handed out and sent when it has returned, and it may free the pump. For
 * the loop's other callbacks; pump_kick() is a turn without work.
 */
void pump_turn(struct pump *, void (*work)(void *arg), void *arg);

struct sp_engine *pump_engine(struct pump *);
struct event_base *pump_base(struct pump *);
int pump_socket(const struct pump *);

/* The errno that ended the socket; 0 when none did. */
int pump_error(const struct pump *);

/* The clock the engine is fed with: ms, CLOCK_MONOTONIC. */
uint64_t pump_now(void);
/* What it said when the pump's last turn began. */
uint64_t pump_time(const struct pump *);
/* What pump_time() was when the peer's last bytes came. */
uint64_t pump_heard_at(const struct pump *);

/*
 * Who stopped because the engine had no room for output waits here. It is
 * called once, when output has left, and may wait again.
 */
struct pump_waiter {
	void (*resume)(struct pump_waiter *);
	bool is_waiting;
	TAILQ_ENTRY(pump_waiter) link;
};

/* Does nothing when it waits already. */
void pump_wait(struct pump *, struct pump_waiter *);
/* Does nothing when it does not wait. */
void pump_unwait(struct pump *, struct pump_waiter *);

#endif
