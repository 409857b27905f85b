/* The storage `local`: the files of this machine. */
#include "modules/local/localquota.h"

static const struct sp_opt options[] = {
	{ SP_OPT(struct localstore_conf, root, SP_O_PATH, "",
	    "folder that is seen as /, with nothing outside it; empty: the "
	    "whole machine, from the home folder") },
	{ SP_OPT(struct localstore_conf, quota, SP_O_SIZE, "0",
	    "bytes that an identity may have below its root; 0: no limit") },
	{ SP_OPT(struct localstore_conf, quota_files, SP_O_INT, "0",
	      "files and folders that it may have there; 0: no limit"),
	    .max = INT64_MAX },
	{ .name = NULL },
};

SP_MODULE("local", "0.1", "the machine's files", struct localstore_conf,
    options, { SP_KIND_STORAGE, &localquota_ops });
