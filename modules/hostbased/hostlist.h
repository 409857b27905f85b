/*
 * The text of a file of hosts that are believed, as shosts.equiv of sshd(8)
 * has it. A line is
 *
 *	HOST		who has the same name there and here
 *	HOST USER	this one alone
 *	-HOST [USER]	nobody of there, or not this one
 *
 * HOST is what the host says it is, a name or an address; behind "-" the
 * address that is connected from as well. The first line that fits decides. Empty lines and "#" with what follows are passed over; a
 * file with a line that is none of these ("+", "@group") says nothing.
 */
#ifndef SP_HOSTBASED_HOSTLIST_H
#define SP_HOSTBASED_HOSTLIST_H

#include <sallyport/module.h>

enum { HOSTLIST_LINE_MAX = 1024 };

/* Who asks, and for what. */
struct hostlist_claim {
	const char *host; /* as in struct sp_cred */
	const char *client_user;
	const char *address; /* numeric; the connection's */
	const char *user; /* who he wants to be */
	bool is_root; /* that is an account of uid 0 */
	/* The file is that user's own: a USER may have another name there. */
	bool is_own;
};

enum hostlist_answer {
	HOSTLIST_NOTHING, /* no line fits */
	HOSTLIST_YES,
	HOSTLIST_NO, /* a line keeps him out */
	HOSTLIST_BROKEN, /* a line is none */
};

/*
 * All of the text is read, whatever fits first. *line is the number of that
 * which decides, or of the first that is none; else 0. For root a line must
 * have a USER.
 */
enum hostlist_answer
hostlist_ask(struct sp_view text, const struct hostlist_claim *, size_t *line);

#endif
