/*
 * Lists of addresses as sshd(8) has them in `from`: addresses, networks
 * ("10.0.0.0/8") and patterns ("10.0.*"), with commas between; one that
 * begins with "!" keeps out, whatever the others say. No name is looked
 * up: the pattern of a name fits nobody, and a "!" before one is an error.
 */
#ifndef SP_CONFIG_SOURCELIST_H
#define SP_CONFIG_SOURCELIST_H

#include "daemon/config/cidr.h"

enum { SOURCELIST_MAX = 8192 };

enum sourcelist_fit {
	SOURCELIST_BROKEN, /* it is no such list */
	SOURCELIST_OTHERS, /* the address is not in it */
	SOURCELIST_FITS,
};

/* All of the list is read, whatever fits first. */
enum sourcelist_fit
sourcelist_match(const char *list, const struct cidr_address *);

/* True when it has addresses and networks alone. */
bool sourcelist_is_plain(const char *list);

#endif
