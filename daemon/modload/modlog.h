/* What modules say in the log: sp_log() of module.h. */
#ifndef SP_MODLOAD_MODLOG_H
#define SP_MODLOAD_MODLOG_H

/*
 * Who is about to be called: the name of the group in the configuration,
 * borrowed. NULL when the call is over.
 */
void modlog_set_speaker(const char *group);

#endif
