/* The memory that this process has allocated. */
#ifndef SP_GATE_FOOTPRINT_H
#define SP_GATE_FOOTPRINT_H

#include <stddef.h>

/* Bytes handed out by malloc and not freed; some microseconds. */
size_t footprint_bytes(void);

/* Gives what was freed back to the system: slow, after much was freed. */
void footprint_trim(void);

#endif
