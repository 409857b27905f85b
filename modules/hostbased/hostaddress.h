/* The addresses of hosts: what is written, and what names have. */
#ifndef SP_HOSTBASED_HOSTADDRESS_H
#define SP_HOSTBASED_HOSTADDRESS_H

#include <sallyport/module.h>

/* Whether a word is this numeric address, however it is written. */
bool hostaddress_is(struct sp_view word, const char *address);

enum hostaddress_answer {
	HOSTADDRESS_NO,
	HOSTADDRESS_YES,
	HOSTADDRESS_UNKNOWN, /* nobody who knows could be asked */
};

/*
 * Whether a name has this address, or is it. Asks the machine's resolver,
 * and waits.
 */
enum hostaddress_answer hostaddress_of(const char *name, const char *address);

#endif
