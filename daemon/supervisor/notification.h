/* Telling the service manager (sd_notify(3), without its library). */
#ifndef SP_SUPERVISOR_NOTIFICATION_H
#define SP_SUPERVISOR_NOTIFICATION_H

/* "READY=1"; does nothing where nobody asked to be told. */
void notification_send(const char *text);

#endif
