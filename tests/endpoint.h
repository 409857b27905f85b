/*
 * What the programs have in common that speak SSH on our engine for a test:
 * they end with a line on standard error as soon as anything is not as it
 * should be.
 */
#ifndef TESTS_ENDPOINT_H
#define TESTS_ENDPOINT_H

#include "lib/wire/buffer.h"

#include <netinet/in.h>
#include <sallyport/connection.h>
#include <sallyport/key.h>
#include <stdio.h>

enum { ENDPOINT_FAILED = 255, ENDPOINT_FILE_MAX = 64 * 1024 };

__attribute__((format(printf, 1, 2), noreturn)) void
endpoint_die(const char *format, ...);
void endpoint_check(enum sp_status, const char *what);

/* Which of the names it is. */
size_t
endpoint_choose(const char *const *names, size_t count, const char *name);
/* Microseconds of a clock that only goes forward. */
uint64_t endpoint_now_us(void);

/* Appends all that comes, up to the buffer's maximum. */
void endpoint_read(FILE *, struct buffer *);
/* A file as one NUL-terminated text that is never freed. */
const char *endpoint_text(const char *path);
struct sp_key *endpoint_load_key(const struct sp_crypto *, const char *path);

/* A port of 127.0.0.1: from any address, or one of our own. */
int endpoint_connect(uint16_t port, const struct in_addr *from);

void endpoint_request_exec(
    struct sp_engine *, uint32_t channel, const char *command);

/* Answers SP_EVENT_AUTH_SIGN. */
void endpoint_sign(struct sp_engine *, const struct sp_event *,
    const struct sp_key *, const char *algorithm);

#endif
