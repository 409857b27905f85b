/* The disconnect reason (RFC 4253 11.1) a status leads to. */
#ifndef SP_WIRE_STATUS_H
#define SP_WIRE_STATUS_H

#include <sallyport/types.h>

/* 0 where the peer is told nothing. */
uint32_t status_reason(enum sp_status);

#endif
