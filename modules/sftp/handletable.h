/*
 * What a client has open, by handles that are numbers and stay no one's
 * when they are closed: a handle names a place and how often it was used.
 */
#ifndef SP_SFTP_HANDLETABLE_H
#define SP_SFTP_HANDLETABLE_H

#include <sallyport/storage.h>

enum { HANDLETABLE_MAX = 4096, HANDLETABLE_HANDLE = 8 };

struct handletable_entry {
	struct sp_file *file; /* NULL: free */
	bool is_folder;
	uint32_t flags; /* it was opened with */
	uint32_t use; /* counts up whenever it is given */
};

struct handletable {
	struct handletable_entry *entries;
	size_t size; /* of entries, which grows */
	size_t used;
	size_t max;
};

void handletable_init(struct handletable *, size_t max);
void handletable_clear(struct handletable *);

bool handletable_is_full(const struct handletable *);

/* Writes the handle. False when there is no memory or no room. */
SP_MUST_USE bool handletable_add(struct handletable *, struct sp_file *,
    uint32_t flags, bool is_folder, uint8_t handle[HANDLETABLE_HANDLE]);

/* NULL when it is no handle, or not of this kind. */
struct handletable_entry *
handletable_find(struct handletable *, struct sp_view handle, bool is_folder);

/* The file is no longer the table's. */
void handletable_remove(struct handletable *, struct handletable_entry *);

#endif
