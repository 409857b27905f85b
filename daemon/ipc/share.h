/*
 * Which of the gates a source meets: what the supervisor tells the kernel
 * (supervisor/steering.c), for who has to know whether a gate can speak of it.
 */
#ifndef SP_IPC_SHARE_H
#define SP_IPC_SHARE_H

#include <sallyport/types.h>

/* Knuth's multiplier: its high bits depend on all bits of the word. */
#define SHARE_MIX 0x9e3779b1U

/*
 * The number of the gate, below gates (not 0). The address is 16 bytes, IPv4
 * in its mapped form (RFC 4291 2.5.5.2).
 */
uint32_t share_of(const uint8_t address[16], uint32_t gates);

#endif
