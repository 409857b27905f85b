/* What stands in for what a storage lacks, or for one that is lost. */
#ifndef SP_SFTP_GUARDSTAND_H
#define SP_SFTP_GUARDSTAND_H

#include <sallyport/storage.h>

/* All of them, and none does anything. */
extern const struct sp_storage_ops guardstand_ops;

/*
 * Fills in those that a guard does not look for before it calls them: paths
 * are what their text says, clients begin in "/", and the rest is not
 * supported.
 */
void guardstand_complete(struct sp_storage_ops *);

#endif
