/* From text that passed the pre-scan to a tree, by libconfig. */
#ifndef SP_CONFIG_PARSE_H
#define SP_CONFIG_PARSE_H

#include "daemon/config/source.h"
#include "daemon/config/tree.h"

/* NULL, with the mistake told, when libconfig refuses the text. */
struct tree_node *
parse_source(struct arena *, const struct source *, struct mistakes *);

#endif
