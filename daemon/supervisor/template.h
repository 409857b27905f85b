/*
 * Configurations and modules to begin with: the texts of examples/, which
 * the build puts into template.c.
 */
#ifndef SP_SUPERVISOR_TEMPLATE_H
#define SP_SUPERVISOR_TEMPLATE_H

extern const char template_service[];
extern const char template_git[];
/* Of etc/pam.d. */
extern const char template_pam[];

/* Of examples/skeleton. */
extern const char template_auth[];
extern const char template_auth_script[];
extern const char template_handler[];
extern const char template_handler_script[];
extern const char template_makefile[];

#endif
