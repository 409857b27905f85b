/*
 * The modes of a terminal by opcode and by name (RFC 4254 8, RFC 8160), as
 * they stand in "pty-req". Which of them a system has is not known here.
 */
#ifndef SP_CONNECTION_TERMINAL_MODE_H
#define SP_CONNECTION_TERMINAL_MODE_H

#include "lib/connection/session_request.h"

/* The value of a control character that there is none of. */
#define TERMINAL_MODE_NO_CHARACTER UINT32_C(255)

/* "VINTR"; NULL where the opcode has no name. */
const char *terminal_mode_name(uint8_t opcode);
/* 0 where the name has no opcode. */
uint8_t terminal_mode_opcode(const char *name);

/*
 * A list as "pty-req" has it, with its end. SP_ERR_ARGUMENT when an opcode
 * would end it before (0, 160 and above).
 */
enum sp_status terminal_mode_encode(
    const struct session_request_mode *, size_t count, struct buffer *);

#endif
