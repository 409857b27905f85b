/*
 * The method "keyboard-interactive" (RFC 4256), both roles: the server asks
 * in rounds, as many as it likes.
 */
#ifndef SP_USERAUTH_KEYBOARD_H
#define SP_USERAUTH_KEYBOARD_H

#include "lib/userauth/userauth.h"

/* Server: the fields behind the method's name, into the event. */
SP_MUST_USE enum sp_status
keyboard_read_request(struct userauth *, struct reader *, struct sp_event *);
/* Server: INFO_REQUEST; responses are awaited from then on. */
SP_MUST_USE enum sp_status
keyboard_send_prompts(struct userauth *, const char *name,
    const char *instruction, const struct sp_prompt *, size_t count);
enum sp_status keyboard_receive_responses(struct userauth *, struct reader *);

/* Client. */
SP_MUST_USE enum sp_status keyboard_send_request(
    struct userauth *, const char *user, const char *submethods);
enum sp_status keyboard_receive_prompts(struct userauth *, struct reader *);
/* As many as there were prompts; else SP_ERR_ARGUMENT. */
SP_MUST_USE enum sp_status keyboard_check_responses(
    const struct userauth *, const struct sp_view *, size_t count);
SP_MUST_USE enum sp_status keyboard_send_responses(
    struct userauth *, const struct sp_view *, size_t count);

#endif
