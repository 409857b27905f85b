/*
 * Who is on which terminal: utmp and wtmp, which no user's process may
 * write. The program of libutempter may, whose file sets its group, and
 * does so for who has the terminal's master as stdin and owns it. It is run
 * beside the channel, so that nobody waits for it.
 */
#ifndef SP_SESSION_TTYRECORD_H
#define SP_SESSION_TTYRECORD_H

struct session;
struct ttyrecord;

/*
 * NULL where the session records no terminals, this machine does not, or
 * there is no memory. The master stays the caller's.
 */
struct ttyrecord *ttyrecord_begin(struct session *, int master);

/*
 * The terminal is not used any more; frees, NULL too. A copy of its master
 * is open until its end is recorded: then it is hung up.
 */
void ttyrecord_end(struct ttyrecord *);

#endif
