/*
 * The files behind SFTP, as a storage module supplies them: of
 * SP_KIND_STORAGE in module.h, in the process that is the user.
 */
#ifndef SALLYPORT_STORAGE_H
#define SALLYPORT_STORAGE_H

#include <sallyport/module.h>
#include <sallyport/sftp.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Paths are not empty and hold no NUL; they begin with "/" or are meant
 * from the place where a client begins. Names are bytes, of any encoding.
 */

/* One channel's view of a storage; and what it has open. Its own structs. */
struct sp_store;
struct sp_file;

/* Besides those of enum sp_file_status: the answer comes by done(). */
enum { SP_FILE_LATER = 0x10000 };

/*
 * A request that is being answered. An operation fills in what it has
 * found and returns what became of it; or it returns SP_FILE_LATER, fills
 * in later, and calls done(), once. Whatever was given to it is borrowed
 * until it returns. A channel has one request open at a time.
 */
struct sp_reply {
	uint32_t size;
	void (*done)(struct sp_reply *, uint32_t status);
	const char *reason; /* of a failure, for people; NULL: by its status */
	struct sp_file *file;
	struct sp_file_attr attr;
	struct sp_file_space space;
	/* A name or path; its bytes stay until the next operation. */
	struct sp_view name;
	size_t count; /* bytes read or copied */
	/* What was read, where the answer came later: in place of parts. */
	struct sp_view data;
};

/*
 * What a storage can do. An operation that is NULL is not there, which
 * clients are told; attach, detach, open, close, read, stat, fstat,
 * open_folder and next_entry must be. Each returns an enum sp_file_status
 * or SP_FILE_LATER. What is not answered in time has failed: then nothing
 * is asked any more but to detach().
 */
struct sp_storage_ops {
	uint32_t size;
	/* As in struct sp_auth_ops. */
	bool (*start)(const void *conf, char *err, size_t err_size);
	/* A channel begins; NULL, with a sentence, when it cannot. */
	struct sp_store *(*attach)(
	    struct sp_chan *, const void *conf, const char **problem);
	/*
	 * It ends: what is open is closed, done() is not called any more, and
	 * the store is gone.
	 */
	void (*detach)(struct sp_store *);

	/* file. flags: of enum sp_file_flag; only regular files. */
	uint32_t (*open)(struct sp_reply *, struct sp_store *, const char *path,
	    uint32_t flags, const struct sp_file_attr *);
	/* Of a folder, too. Whatever it says, the file is gone. */
	uint32_t (*close)(
	    struct sp_reply *, struct sp_store *, struct sp_file *);
	/* count, or SP_FILE_EOF. The parts are gone where it is later. */
	uint32_t (*read)(struct sp_reply *, struct sp_store *, struct sp_file *,
	    uint64_t offset, const struct iovec *parts, size_t part_count);
	/* All of it, or it failed. */
	uint32_t (*write)(struct sp_reply *, struct sp_store *,
	    struct sp_file *, uint64_t offset, struct sp_view);
	/* attr; of a link itself unless it is to be followed. */
	uint32_t (*stat)(struct sp_reply *, struct sp_store *, const char *path,
	    bool follow);
	uint32_t (*fstat)(
	    struct sp_reply *, struct sp_store *, struct sp_file *);
	/* Sets those attributes that are there. */
	uint32_t (*setstat)(struct sp_reply *, struct sp_store *,
	    const char *path, const struct sp_file_attr *, bool follow);
	uint32_t (*fsetstat)(struct sp_reply *, struct sp_store *,
	    struct sp_file *, const struct sp_file_attr *);
	/* file */
	uint32_t (*open_folder)(
	    struct sp_reply *, struct sp_store *, const char *path);
	/* name and attr of the next entry, or SP_FILE_EOF. */
	uint32_t (*next_entry)(
	    struct sp_reply *, struct sp_store *, struct sp_file *folder);
	uint32_t (*remove)(
	    struct sp_reply *, struct sp_store *, const char *path);
	uint32_t (*make_folder)(struct sp_reply *, struct sp_store *,
	    const char *path, const struct sp_file_attr *);
	uint32_t (*remove_folder)(
	    struct sp_reply *, struct sp_store *, const char *path);
	/* Without replace it fails where there is something already. */
	uint32_t (*rename)(struct sp_reply *, struct sp_store *,
	    const char *from, const char *to, bool replace);
	uint32_t (*link)(struct sp_reply *, struct sp_store *, const char *from,
	    const char *to);
	uint32_t (*make_symlink)(struct sp_reply *, struct sp_store *,
	    const char *text, const char *path);
	/* name */
	uint32_t (*read_symlink)(
	    struct sp_reply *, struct sp_store *, const char *path);
	/*
	 * name: absolute, without links; the last part need not be there.
	 * NULL: there are no links, and a path is what its text says.
	 */
	uint32_t (*resolve)(
	    struct sp_reply *, struct sp_store *, const char *path);
	/*
	 * name: the home folder of a user, or where a client begins ("").
	 * NULL: clients begin in "/".
	 */
	uint32_t (*home)(
	    struct sp_reply *, struct sp_store *, const char *user);
	/* space */
	uint32_t (*measure)(
	    struct sp_reply *, struct sp_store *, const char *path);
	uint32_t (*fmeasure)(
	    struct sp_reply *, struct sp_store *, struct sp_file *);
	uint32_t (*sync)(
	    struct sp_reply *, struct sp_store *, struct sp_file *);
	/*
	 * count: how much of at most len was copied; as much as is done in a
	 * moment. SP_FILE_EOF when nothing is there to be copied.
	 */
	uint32_t (*copy)(struct sp_reply *, struct sp_store *,
	    struct sp_file *from, uint64_t from_offset, struct sp_file *to,
	    uint64_t to_offset, uint64_t len);
	/* From now on a link on a path is an error, but for resolve(). */
	void (*follow_none)(struct sp_store *);
	/*
	 * At once: writes the path by which programs of this machine find
	 * what has that name in the storage; false: they do not. NULL: never.
	 */
	bool (*locate)(
	    struct sp_store *, const char *path, char *room, size_t size);
	/* As in struct sp_handler_ops. */
	bool (*counts)(const void *conf);
};

/* A storage of the configuration, which an option of SP_O_STORAGE names. */
struct sp_storage {
	uint32_t size;
	const char *name; /* of the module */
	const struct sp_storage_ops *ops; /* of this version's size */
	const void *conf; /* for attach(): what its options filled */
};

#ifdef __cplusplus
}
#endif

#endif
