/*
 * A relay attaches a channel to descriptors: what a program writes goes to
 * the peer, what the peer sends goes to the program, on the fastest path
 * there is. A full pipe stops the channel's window, a full socket stops
 * the reading of pipes, and the end of either direction is passed on.
 *
 * The owner of the pump hands the channel's events to relay_event(). The
 * process must ignore SIGPIPE.
 */
#ifndef SP_PUMP_RELAY_H
#define SP_PUMP_RELAY_H

#include <sallyport/engine.h>

struct pump;
struct relay;

/*
 * -1 where there is none. in takes the channel's data, out gives it, err
 * gives extended data (stderr). in and out may be the same descriptor: a
 * terminal's master, or a socket.
 *
 * All become non-blocking, so each must be an open file description of
 * ours alone: our end of a pipe or of a socketpair, never what a program
 * inherits.
 */
struct relay_fds {
	int in;
	int out;
	int err;
};

/*
 * Called as a part of the pump's turn on the loop, or inside relay_event()
 * and relay_finish(). Both callbacks may free the relay.
 */
struct relay_owner {
	/*
	 * Once: out and err have ended, the engine has their last byte, and
	 * the end of data was sent after it. What is sent next (exit-status)
	 * comes after all output.
	 */
	void (*outputs_ended)(struct relay *, void *arg);
	/*
	 * Once, may be NULL: in takes nothing more. The peer's end was
	 * passed on, or the reader is gone; what still comes is dropped.
	 */
	void (*input_ended)(struct relay *, void *arg);
};

/*
 * Takes the descriptors; borrows pump and owner. Make it in the turn in
 * which the channel's request is answered, so that no data comes between:
 * the engine tells of data only while the channel's queue is empty. What waits in the
 * channel's queue already is passed on, but an SP_EVENT_CHANNEL_EOF that
 * came before must be handed in again. The owner hears nothing before the
 * loop runs. NULL with errno set: the descriptors are still the caller's
 * (EPERM: one is a file, which no loop can tell of).
 */
struct relay *relay_new(struct pump *, uint32_t channel,
    const struct relay_fds *, const struct relay_owner *, void *arg);

/* Closes what is open. Before the pump is freed. NULL is allowed. */
void relay_free(struct relay *);

/*
 * One event of this channel. SP_EVENT_CHANNEL_DATA, _WRITABLE and _EOF are
 * acted on, all others ignored.
 */
void relay_event(struct relay *, const struct sp_event *);

/*
 * The program is gone: an output with nothing to be read at once counts as
 * ended, even if another process still holds it open.
 */
void relay_finish(struct relay *);

/* When a program's bytes last went to the peer, by pump_now(); 0: never. */
uint64_t relay_sent_at(const struct relay *);

/* How many bytes it passed on: to in, and from out and err. */
struct relay_count {
	uint64_t in;
	uint64_t out;
};
struct relay_count relay_count_of(const struct relay *);

#endif
