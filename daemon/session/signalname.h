/* Signals by the names of RFC 4254 6.10. */
#ifndef SP_SESSION_SIGNALNAME_H
#define SP_SESSION_SIGNALNAME_H

/* The number of a name ("TERM"); 0 for one that is not there. */
int signalname_number(const char *name);

/* The name of a number; what the RFC has no name for gets a private one. */
const char *signalname_of(int number);

#endif
