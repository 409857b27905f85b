/*
 * A session channel: what was asked of it, the handler that serves it, and
 * its program. It ends in this order: all output, the end of data, the
 * exit status, close.
 */
#ifndef SP_SESSION_CHAN_H
#define SP_SESSION_CHAN_H

#include "daemon/session/environment.h"
#include "daemon/session/ptyfacts.h"
#include "daemon/session/session.h"
#include "lib/pump/pump.h"
#include "lib/wire/buffer.h"

#include <sallyport/module.h>
#include <sys/queue.h>

struct event;
struct relay;
struct ttyrecord;

/* What a module writes of its own, before a program's output. */
enum { CHAN_TEXT_MAX = 65536, CHAN_TEXTS = 2 };

struct sp_chan {
	struct session *session;
	uint32_t number;
	TAILQ_ENTRY(sp_chan) link;

	/* asked before a program is there */
	struct environment environment;
	struct ptyfacts pty;

	const struct modgroup *handler; /* NULL until one serves it */
	char *original; /* what was asked for, where another command is run */
	void *state; /* the handler's */
	struct arena arena; /* what it is given until close() */
	struct buffer texts[CHAN_TEXTS]; /* by type of data */
	struct pump_waiter waiter; /* for room to send the texts */

	/* the program; pid 0 until there is one */
	pid_t pid;
	int in, out, err; /* our ends, until the relay has them */
	bool has_terminal;
	int terminal; /* its master, until outputs_ended; borrowed */
	struct ttyrecord *record; /* of the terminal; NULL: none, or over */
	bool has_exited;
	bool was_told; /* the handler, that it has ended */
	int wait_status;
	int error; /* why it could not be run; 0: it ran, as far as we know */
	uint64_t started_at; /* pump_now() */
	uint64_t time_ms; /* how long it may run; 0: for ever */
	struct relay *relay;
	struct event *linger; /* a terminal others still hold open */
	struct event *limit; /* when its time, or the rest of it, is up */
	bool is_overdue; /* it was told to end, and is not reaped meanwhile */
	bool was_overdue;

	/* a handler that speaks itself */
	struct event *resumption; /* soon, from the loop */
	bool was_accepted; /* the request, by the handler */
	bool is_speaking; /* the handler, now */

	uint32_t exit_status; /* without a program */
	bool is_exiting; /* ... and wants to end */
	bool has_eof; /* the peer sends no more data */
	bool outputs_ended;
	bool is_closing;
};

/* The program was started, and may run for so long; 0: for ever. */
void chan_program_started(struct sp_chan *, pid_t, uint64_t time_ms);

struct sp_chan *chan_new(struct session *, uint32_t number);
/* The handler's last call; the program is told by SIGHUP. */
void chan_free(struct sp_chan *);

/* Data, end of data and window events of the channel. */
void chan_event(struct sp_chan *, const struct sp_event *);

/* When (pump_now) a program's output last went to the client; 0: never. */
uint64_t chan_sent_at(const struct sp_chan *);

/* The request that started the program was answered: moves the bytes. */
void chan_go(struct sp_chan *);

/* Its handler speaks on it: ends it where he wants that. */
void chan_look_exiting(struct sp_chan *);

/* The program ended, as waitpid() says. */
void chan_program_ended(struct sp_chan *, int wait_status);

/* One that is overdue may have ended: then its time is not waited for. */
void chan_look_overdue(struct sp_chan *);

#endif
