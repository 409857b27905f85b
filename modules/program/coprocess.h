/*
 * One program that answers questions, a JSON object a line: started, written
 * to, read from and ended. Nothing here blocks.
 */
#ifndef SP_PROGRAM_COPROCESS_H
#define SP_PROGRAM_COPROCESS_H

#include <sallyport/types.h>

#include <poll.h>
#include <sys/types.h>

enum { COPROCESS_LINE_MAX = 16384, COPROCESS_REASON_SIZE = 128 };

struct coprocess {
	pid_t pid; /* 0: it does not run */
	int in, out; /* its input, which we write, and its output */
	const char *question; /* borrowed; what is not written yet */
	size_t left;
	char line[COPROCESS_LINE_MAX];
	size_t len;
	bool has_closed; /* its output: mostly it is about to end */
};

enum coprocess_state {
	COPROCESS_BUSY, /* nothing to be told yet */
	COPROCESS_ANSWERED, /* a line is there, without its end: line, len */
	COPROCESS_BROKEN, /* it broke the rules, or has gone: end it */
};

/* False with errno set. argv and env end with NULL. */
SP_MUST_USE bool coprocess_start(
    struct coprocess *, const char *const argv[], const char *const env[]);

/* Kills what is left of it and waits for that; says what became of it. */
void coprocess_end(struct coprocess *, char reason[COPROCESS_REASON_SIZE]);

/* A question, which stays until it is answered. */
void coprocess_ask(struct coprocess *, const char *question, size_t len);

/* What it waits for: two at most; how many. */
size_t coprocess_watch(const struct coprocess *, struct pollfd *);

/*
 * Goes on as far as it can. Of COPROCESS_BROKEN a phrase is in reason; ""
 * where it has just gone.
 */
enum coprocess_state
coprocess_serve(struct coprocess *, char reason[COPROCESS_REASON_SIZE]);

/* Forgets the answer, whatever it was. */
void coprocess_wipe(struct coprocess *);

#endif
