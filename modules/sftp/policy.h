/*
 * What may be done where: rights by folder, names that are hidden or
 * denied, modes and sizes. Paths here are resolved: absolute, without
 * links, ".", ".." or a second "/".
 */
#ifndef SP_SFTP_POLICY_H
#define SP_SFTP_POLICY_H

#include <sallyport/storage.h>

enum policy_right {
	POLICY_LIST = 0x001,
	POLICY_DOWNLOAD = 0x002,
	POLICY_UPLOAD = 0x004,
	POLICY_OVERWRITE = 0x008,
	POLICY_RESUME = 0x010,
	POLICY_DELETE = 0x020,
	POLICY_RENAME = 0x040,
	POLICY_MKDIR = 0x080,
	POLICY_LINK = 0x100,
	POLICY_CHMOD = 0x200,
	POLICY_TIMES = 0x400,
	POLICY_ALL = 0x7ff,
	POLICY_LOOK = POLICY_LIST | POLICY_DOWNLOAD,
};

/* The options. */
struct policy_conf {
	bool read_only;
	unsigned upload; /* of policy_uploads */
	struct sp_list hide, deny; /* patterns */
	struct sp_groups folders; /* struct policy_folder */
	struct sp_groups mounts; /* struct policy_mount */
	unsigned file_mode, folder_mode; /* 0: what is asked for */
	unsigned umask;
	uint64_t file_size; /* 0: no limit */
	struct sp_groups hooks; /* struct hook_conf */
	int64_t hooks_at_once;
};

struct policy_folder {
	const char *path;
	struct sp_list may;
};

/* A storage that is seen at a folder. */
struct policy_mount {
	const char *path;
	bool read_only;
	const struct sp_storage *storage;
};

extern const char *const policy_uploads[];
extern const struct sp_opt policy_folder_options[];
extern const struct sp_opt policy_mount_options[];

struct policy_rule {
	const char *path; /* borrowed */
	unsigned may; /* of enum policy_right */
};

struct policy {
	const struct policy_conf *conf;
	struct policy_rule *rules;
	size_t count;
	bool is_atomic;
	bool looks_at_paths; /* else nothing depends on them */
};

/* False, with a sentence, where the options make no sense. */
SP_MUST_USE bool
policy_check(const struct policy_conf *, char *err, size_t err_size);

/* The options were checked and stay. False: no memory. */
SP_MUST_USE bool policy_init(struct policy *, const struct policy_conf *);
void policy_clear(struct policy *);

/* Whether a path is written as resolved ones are. */
bool policy_is_plain(const char *path);

/*
 * What may be done at a path: by the longest folder that it is or is in;
 * where another folder differs from that only in the case of its letters,
 * what both allow; and by whether what is mounted there is read only.
 */
unsigned policy_rights(const struct policy *, const char *path);

/* Whether it is one of the folders or mounts, or one of them is below it. */
bool policy_is_fixed(const struct policy *, const char *path);

/*
 * Whether one of the patterns fits: the text as it is, or in small letters, for
 * storages that know no case.
 */
bool policy_fits(const struct sp_list *patterns, const char *text);

/* By the patterns, and by what the names of unfinished uploads are. */
bool policy_hides(const struct policy *, const char *path);
bool policy_denies(const struct policy *, const char *path);

/* Whether an entry of a folder is hidden. */
bool policy_hides_entry(
    const struct policy *, const char *folder, struct sp_view name);

/*
 * A status: whether all of the rights, or in POLICY_LOOK one of both, are
 * there. A reason is set where they are not.
 */
uint32_t policy_ask(const struct policy *, const char *path, unsigned rights,
    const char **reason);

/* The mode of what is new, before the process's own umask. */
uint32_t
policy_mode(const struct policy *, const struct sp_file_attr *, bool is_folder);

#endif
