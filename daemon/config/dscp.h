/* What the network is told about a connection's packets (RFC 2474). */
#ifndef SP_CONFIG_DSCP_H
#define SP_CONFIG_DSCP_H

#include <sallyport/types.h>

/* Nothing is told. */
enum { DSCP_NONE = 256 };

/*
 * A name as in ssh_config(5), "af21", "cs1", "ef", "lowdelay", "none", or
 * the number of 0 to 255 that stands for it in a packet's header. False
 * for all else.
 */
bool dscp_parse(const char *name, uint16_t *value);

/* The name of a value, or its number; lasts until the next call. */
const char *dscp_name(uint16_t value);

#endif
