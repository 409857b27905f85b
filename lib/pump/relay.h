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

/* Called from the event loop or inside relay_event(), relay_finish(). */
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
 * Takes the descriptors; borrows pump and owner. Starts when the loop next
 * runs. NULL with errno set: the descriptors are still the caller's.
 */
struct relay *relay_new(struct pump *, uint32_t channel,
    const struct relay_fds *, const struct relay_owner *, void *arg);

/*
 * Closes what is open. Must happen before the pump is freed; allowed in
 * the relay's own callbacks. NULL is allowed.
 */
void relay_free(struct relay *);

/*
 * One event of this channel. SP_EVENT_CHANNEL_DATA, _WRITABLE and _EOF are
 * acted on, all others ignored.
 */
void relay_event(struct relay *, const struct sp_event *);

/*
 * The program is gone: passes on what can be read without waiting, within
 * the peer's window, and then takes the outputs as ended, even if another
 * process holds them open.
 */
void relay_finish(struct relay *);

#endif
