/*
 * Telling the service manager how it goes: sd_notify(3), without its
 * library. Where nobody asked to be told all of it does nothing.
 */
#ifndef SP_SUPERVISOR_NOTIFICATION_H
#define SP_SUPERVISOR_NOTIFICATION_H

#include <stdint.h>

/*
 * Takes what the environment says (NOTIFY_SOCKET, WATCHDOG_USEC,
 * WATCHDOG_PID) out of it, so that no child speaks in our name.
 */
void notification_open(void);

/* READY=1, with a line for people: what is served, or what went wrong. */
void notification_ready(const char *status);
/* RELOADING=1, and when: the manager asks whether it was after his wish. */
void notification_reloading(void);
/* STOPPING=1. */
void notification_stopping(void);

/*
 * Milliseconds in which a sign of life is wanted; 0: none is. Half of it
 * is a good time to give one.
 */
uint64_t notification_watchdog_time(void);
void notification_alive(void);

#endif
