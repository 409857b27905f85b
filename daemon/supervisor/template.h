/*
 * Configurations to begin with: the texts of examples/, which the build
 * puts into template.c.
 */
#ifndef SP_SUPERVISOR_TEMPLATE_H
#define SP_SUPERVISOR_TEMPLATE_H

extern const char template_service[];
extern const char template_git[];

#endif
