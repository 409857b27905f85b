/*
 * Reads a configuration's text before libconfig does, and reports what
 * libconfig would take silently, would report far from where it is, or
 * would report one at a time.
 */
#ifndef SP_CONFIG_PRESCAN_H
#define SP_CONFIG_PRESCAN_H

#include "daemon/config/source.h"

/* Groups and lists inside one another. */
enum { PRESCAN_DEPTH_MAX = 32 };

/* Every mistake in the text; it is fit for libconfig when there is none. */
void prescan_check(const struct source *, struct mistakes *);

#endif
