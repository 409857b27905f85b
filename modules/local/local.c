/* The storage `local`: the files of this machine. */
#include "modules/local/localstore.h"

static const struct sp_opt options[] = {
	{ SP_OPT(struct localstore_conf, root, SP_O_PATH, "",
	    "folder that is seen as /, with nothing outside it; empty: the "
	    "whole machine, from the home folder") },
	{ .name = NULL },
};

SP_MODULE("local", "0.1", "the machine's files", struct localstore_conf,
    options, { SP_KIND_STORAGE, &localstore_ops });
