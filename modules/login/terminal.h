/* A pseudo-terminal as a client asked for it. */
#ifndef SP_LOGIN_MODULE_TERMINAL_H
#define SP_LOGIN_MODULE_TERMINAL_H

#include <sallyport/module.h>

enum { TERMINAL_NAME_SIZE = 64 };

struct terminal {
	int master;
	int slave;
	char name[TERMINAL_NAME_SIZE]; /* "/dev/pts/3" */
};

/* False with errno set; nothing is open then. */
bool terminal_open(struct terminal *, const struct sp_pty *);
void terminal_close(struct terminal *);

/* Tells the terminal, and with it its programs, the client's size. */
void terminal_resize(int master, const struct sp_pty *);

#endif
