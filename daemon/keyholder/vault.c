/* The private host keys. */
#include "daemon/keyholder/vault.h"

#include "lib/pubkey/pubkey.h"
#include "lib/wire/namelist.h"
#include "lib/wire/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 65536 };

void
vault_init(struct vault *vault, const struct sp_crypto *crypto)
{
	*vault = (struct vault){ .crypto = crypto };
}

void
vault_clear(struct vault *vault)
{
	for (size_t i = 0; i < vault->count; i++)
		sp_key_free(vault->keys[i].key);
	vault->count = 0;
}

struct complaint {
	char *problem;
	size_t size;
	const char **remedy;
};

static bool
complain(const struct complaint *c, const char *path, const char *what,
    const char *remedy)
{
	snprintf(c->problem, c->size, "host key %s: %s", path, what);
	*c->remedy = remedy;
	return false;
}

static bool
check_file(int fd, const char *path, size_t *len, const struct complaint *c)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return complain(c, path, strerror(errno), "see the file");
	if (!S_ISREG(st.st_mode))
		return complain(
		    c, path, "is no file", "name a private key file");
	if (st.st_uid != geteuid())
		return complain(c, path, "belongs to somebody else",
		    "chown it to the user the daemon runs as");
	if ((st.st_mode & 077) != 0)
		return complain(c, path, "others can read it",
		    "chmod it to 0600, or make a new key");
	if (st.st_size <= 0 || st.st_size > FILE_MAX)
		return complain(
		    c, path, "is no private key", "name a private key file");
	*len = (size_t)st.st_size;
	return true;
}

static bool
read_all(int fd, struct secret *text)
{
	size_t have = 0;

	while (have < text->len) {
		ssize_t n = read(fd, text->data + have, text->len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

static bool
read_file(const char *path, struct secret *text, const struct complaint *c)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len;
	bool done;

	if (fd < 0)
		return complain(c, path, strerror(errno),
		    "make it with ssh-keygen -t ed25519 -N '' -f FILE, or let "
		    "host_keys be \"auto\"");
	done = check_file(fd, path, &len, c);
	if (done && (secret_alloc(text, len) != SP_OK || !read_all(fd, text)))
		done = complain(c, path, "cannot be read", "see the disk");
	close(fd);
	return done;
}

static bool
has_type(const struct vault *vault, const struct pubkey_type *type)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->keys[i].key->type == type)
			return true;
	return false;
}

static bool
add_key(struct vault *vault, struct sp_key *key)
{
	struct vault_key *added = &vault->keys[vault->count];
	const struct sp_view blob = sp_key_blob(key);

	*added = (struct vault_key){ .key = key };
	if (has_type(vault, key->type))
		return false;
	if (digest_of(vault->crypto, DIGEST_SHA256, &blob, 1,
		added->blob_hash) != SP_OK)
		return false;
	vault->count++;
	return true;
}

bool
vault_add_file(struct vault *vault, const char *path, char *problem,
    size_t size, const char **remedy)
{
	const struct complaint c = { problem, size, remedy };
	struct secret text = { NULL, 0 };
	struct sp_key *key;
	enum sp_status status;

	if (vault->count == CONTROL_HOST_KEYS_MAX)
		return complain(
		    &c, path, "is one too many", "name fewer host keys");
	if (!read_file(path, &text, &c)) {
		secret_clear(&text);
		return false;
	}
	status = sp_key_parse(vault->crypto, secret_view(&text), NULL, &key);
	secret_clear(&text);
	if (status == SP_ERR_PASSPHRASE)
		return complain(&c, path, "has a passphrase",
		    "remove it with ssh-keygen -p -N '' -f FILE");
	if (status != SP_OK)
		return complain(&c, path, sp_status_text(status),
		    status == SP_ERR_KEY_SIZE
			? "make one of 2048 to 16384 bits"
			: "make it with ssh-keygen -t ed25519 -N '' -f FILE");
	if (!add_key(vault, key)) {
		sp_key_free(key);
		return complain(&c, path, "is of a type that is there already",
		    "name one host key of each type");
	}
	return true;
}

const struct vault_key *
vault_find(const struct vault *vault, struct sp_view algorithm)
{
	for (size_t i = 0; i < vault->count; i++)
		if (pubkey_type_algorithm(
			vault->keys[i].key->type, algorithm) != NULL)
			return &vault->keys[i];
	return NULL;
}

bool
vault_serves(const struct vault *vault, const char *algorithms)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault_key_serves(&vault->keys[i], algorithms))
			return true;
	return false;
}

bool
vault_key_serves(const struct vault_key *key, const char *algorithms)
{
	struct sp_view list = view_of_string(algorithms);
	struct sp_view name;

	while (namelist_next(&list, &name))
		if (pubkey_type_algorithm(key->key->type, name) != NULL)
			return true;
	return false;
}

enum sp_status
vault_sign(const struct vault_key *key, struct sp_view algorithm,
    struct sp_view data, uint8_t *room, size_t *len)
{
	const struct pubkey_algorithm *row =
	    pubkey_type_algorithm(key->key->type, algorithm);

	if (row == NULL)
		return SP_ERR_NO_HOST_KEY;
	return sp_key_sign(key->key, row->name, data, room, len);
}

void
vault_list(const struct vault *vault, struct control_host_keys *list)
{
	list->count = 0;
	for (size_t i = 0; i < vault->count; i++) {
		const struct sp_key *key = vault->keys[i].key;

		for (const struct pubkey_algorithm *a = key->type->algorithms;
		     a->name != NULL && list->count < CONTROL_HOST_KEYS_MAX;
		     a++) {
			list->keys[list->count].algorithm =
			    view_of_string(a->name);
			list->keys[list->count++].blob = sp_key_blob(key);
		}
	}
}
