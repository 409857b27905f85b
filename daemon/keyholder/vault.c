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

enum {
	FILE_MAX = 65536,
	/* All of them, once for each algorithm, fit into a HOST_KEYS. */
	CERTIFICATE_MAX = 4096,
};

static bool
has_certificate(const struct vault_key *key)
{
	return buffer_len(&key->certificate) > 0;
}

struct sp_view
vault_blob(const struct vault_key *key)
{
	return has_certificate(key) ? buffer_view(&key->certificate)
				    : sp_key_blob(key->key);
}

void
vault_init(struct vault *vault, const struct sp_crypto *crypto)
{
	*vault = (struct vault){ .crypto = crypto };
}

void
vault_clear(struct vault *vault)
{
	for (size_t i = 0; i < vault->count; i++) {
		struct vault_key *key = &vault->keys[i];

		if (!has_certificate(key))
			sp_key_free(key->key);
		buffer_clear(&key->certificate);
	}
	vault->count = 0;
}

/* ---- listeners ---- */

bool
vault_add_listener(struct vault *vault, const char *name)
{
	if (vault->listener_count == CONTROL_LISTENERS_MAX)
		return false;
	vault->listeners[vault->listener_count++] = name;
	return true;
}

uint64_t
vault_listener(const struct vault *vault, struct sp_view name)
{
	for (size_t i = 0; i < vault->listener_count; i++)
		if (view_equal_string(name, vault->listeners[i]))
			return UINT64_C(1) << i;
	return 0;
}

/* The one whose keys are being added. */
static uint64_t
last_listener(const struct vault *vault)
{
	return UINT64_C(1) << (vault->listener_count - 1);
}

/* ---- files ---- */

struct complaint {
	/* Of this kind of file: its name, and what it may be. */
	const char *kind;
	mode_t forbidden; /* to others than its owner */
	const char *exposed, *close; /* with such a mode */
	const char *none, *wanted; /* where it is something else */
	const char *make; /* where it is not there */
	char *problem;
	size_t size;
	const char **remedy;
};

static bool
complain(const struct complaint *c, const char *path, const char *what,
    const char *remedy)
{
	snprintf(c->problem, c->size, "%s %s: %s", c->kind, path, what);
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
		return complain(c, path, "is no file", c->wanted);
	if (st.st_uid != geteuid())
		return complain(c, path, "belongs to somebody else",
		    "chown it to the user the daemon runs as");
	if ((st.st_mode & c->forbidden) != 0)
		return complain(c, path, c->exposed, c->close);
	if (st.st_size <= 0 || st.st_size > FILE_MAX)
		return complain(c, path, c->none, c->wanted);
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
		return complain(c, path, strerror(errno), c->make);
	done = check_file(fd, path, &len, c);
	if (done && (secret_alloc(text, len) != SP_OK || !read_all(fd, text)))
		done = complain(c, path, "cannot be read", "see the disk");
	close(fd);
	return done;
}

static bool
has_type(const struct vault *vault, uint64_t listener,
    const struct pubkey_type *type)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->keys[i].key->type == type &&
		    (vault->keys[i].listeners & listener) != 0)
			return true;
	return false;
}

/* Another listener has it as well: it takes no second place. */
static struct vault_key *
find_same(struct vault *vault, const struct sp_key *key)
{
	for (size_t i = 0; i < vault->count; i++)
		if (view_equal(
			sp_key_blob(vault->keys[i].key), sp_key_blob(key)))
			return &vault->keys[i];
	return NULL;
}

static bool
add_new(struct vault *vault, struct sp_key *key)
{
	struct vault_key *added = &vault->keys[vault->count];
	const struct sp_view blob = sp_key_blob(key);

	*added = (struct vault_key){
		.key = key,
		.listeners = last_listener(vault),
	};
	buffer_init(&added->certificate, CERTIFICATE_MAX);
	if (digest_of(vault->crypto, DIGEST_SHA256, &blob, 1,
		added->blob_hash) != SP_OK)
		return false;
	vault->count++;
	return true;
}

/* Takes the key. */
static bool
add_key(struct vault *vault, struct sp_key *key, const char *path,
    const struct complaint *c)
{
	struct vault_key *same = find_same(vault, key);

	if (has_type(vault, last_listener(vault), key->type)) {
		sp_key_free(key);
		return complain(c, path, "is of a type that is there already",
		    "name one host key of each type");
	}
	if (same != NULL) {
		same->listeners |= last_listener(vault);
		sp_key_free(key);
		return true;
	}
	if (vault->count < CONTROL_HOST_KEYS_MAX && add_new(vault, key))
		return true;
	sp_key_free(key);
	return complain(c, path, "is one too many", "name fewer host keys");
}

bool
vault_add_file(struct vault *vault, const char *path, char *problem,
    size_t size, const char **remedy)
{
	const struct complaint c = {
		.kind = "host key",
		.forbidden = 077,
		.exposed = "others can read it",
		.close = "chmod it to 0600, or make a new key",
		.none = "is no private key",
		.wanted = "name a private key file",
		.make = "make it with ssh-keygen -t ed25519 -N '' -f FILE, or "
			"let host_keys be \"auto\"",
		.problem = problem,
		.size = size,
		.remedy = remedy,
	};
	struct secret text = { NULL, 0 };
	struct sp_key *key;
	enum sp_status status;

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
	return add_key(vault, key, path, &c);
}

/* ---- certificates ---- */

/* The blob in the first line of a file. */
static enum sp_status
parse_file(struct sp_view text, uint8_t *blob, size_t size, size_t *len)
{
	const uint8_t *end = memchr(text.data, '\n', text.len);
	struct sp_key_line line;
	enum sp_status status;

	if (end != NULL)
		text.len = (size_t)(end - text.data);
	status = sp_key_parse_line(text, &line);
	if (status == SP_OK && (line.type.len == 0 || line.options.len > 0))
		status = SP_ERR_KEY_FORMAT;
	return status == SP_OK ? sp_key_line_blob(&line, blob, size, len)
			       : status;
}

/* The key among ours that a host's certificate is for; NULL for none. */
static const struct vault_key *
find_certified(const struct vault *vault, const struct sp_certificate *c)
{
	uint8_t room[CERTIFICATE_MAX];
	size_t len;

	if (sp_certificate_key(c, room, sizeof room, &len) != SP_OK)
		return NULL;
	for (size_t i = 0; i < vault->count; i++)
		if (!has_certificate(&vault->keys[i]) &&
		    view_equal(
			view_of(room, len), sp_key_blob(vault->keys[i].key)))
			return &vault->keys[i];
	return NULL;
}

static bool
is_certified(const struct vault *vault, const struct sp_key *key)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->keys[i].key == key &&
		    has_certificate(&vault->keys[i]))
			return true;
	return false;
}

/* Whoever shows the key shows it. */
static bool
add_certificate(struct vault *vault, const struct vault_key *key,
    struct sp_view certificate)
{
	struct vault_key *added = &vault->keys[vault->count];

	*added = (struct vault_key){
		.key = key->key,
		.listeners = key->listeners,
	};
	buffer_init(&added->certificate, CERTIFICATE_MAX);
	if (buffer_append(&added->certificate, certificate) != SP_OK ||
	    digest_of(vault->crypto, DIGEST_SHA256, &certificate, 1,
		added->blob_hash) != SP_OK) {
		buffer_clear(&added->certificate);
		return false;
	}
	vault->count++;
	return true;
}

static bool
take_certificate(struct vault *vault, const char *path, struct sp_view blob,
    const struct complaint *c)
{
	const struct vault_key *key;
	struct sp_certificate certificate;
	enum sp_status status = sp_certificate_parse(blob, &certificate);

	if (status == SP_OK)
		status =
		    sp_certificate_verify(vault->crypto, &certificate, NULL);
	if (status != SP_OK)
		return complain(c, path, sp_status_text(status), c->make);
	if (certificate.kind != SP_CERTIFICATE_HOST)
		return complain(c, path, "is a user's", c->make);
	key = find_certified(vault, &certificate);
	if (key == NULL)
		return complain(c, path, "is for none of the host keys",
		    "name its key in host_keys");
	if (is_certified(vault, key->key))
		return complain(c, path, "is the second for its key",
		    "name one host certificate for each key");
	if (!add_certificate(vault, key, blob))
		return complain(c, path, "does not fit", "see memory");
	return true;
}

bool
vault_add_certificate(struct vault *vault, const char *path, char *problem,
    size_t size, const char **remedy)
{
	const struct complaint c = {
		.kind = "host certificate",
		.forbidden = 022,
		.exposed = "others can write it",
		.close = "chmod it to 0644, or have it made again",
		.none = "is no certificate",
		.wanted = "name a file that ends in -cert.pub",
		.make = "make it with ssh-keygen -s CA -h -I NAME -n HOST "
			"FILE.pub",
		.problem = problem,
		.size = size,
		.remedy = remedy,
	};
	uint8_t blob[CERTIFICATE_MAX];
	struct secret text = { NULL, 0 };
	enum sp_status status;
	size_t len;

	if (vault->count == CONTROL_HOST_KEYS_MAX)
		return complain(&c, path, "is one too many",
		    "name fewer host certificates");
	if (!read_file(path, &text, &c)) {
		secret_clear(&text);
		return false;
	}
	status = parse_file(secret_view(&text), blob, sizeof blob, &len);
	secret_clear(&text);
	if (status != SP_OK)
		return complain(&c, path, c.none, c.wanted);
	return take_certificate(vault, path, view_of(blob, len), &c);
}

/* ---- use ---- */

/* What signs: of a certificate's algorithm that of its key. */
static struct sp_view
plain_of(struct sp_view algorithm)
{
	const char *plain = sp_certificate_algorithm(algorithm);

	return plain == NULL ? algorithm : view_of_string(plain);
}

/* NULL where it does not sign with it. */
static const char *
own_name(const struct vault_key *key, struct sp_view algorithm)
{
	bool is_certificate = sp_certificate_algorithm(algorithm) != NULL;
	const struct pubkey_algorithm *row =
	    pubkey_type_algorithm(key->key->type, plain_of(algorithm));

	return row != NULL && has_certificate(key) == is_certificate ? row->name
								     : NULL;
}

const struct vault_key *
vault_find(const struct vault *vault, uint64_t listener,
    struct sp_view algorithm, const char **own)
{
	for (size_t i = 0; i < vault->count; i++) {
		const struct vault_key *key = &vault->keys[i];
		const char *name = own_name(key, algorithm);

		if ((key->listeners & listener) == 0 || name == NULL)
			continue;
		*own = name;
		return key;
	}
	return NULL;
}

const struct vault_key *
vault_find_hash(const struct vault *vault, struct sp_view hash,
    struct sp_view algorithm, const char **own)
{
	for (size_t i = 0; i < vault->count; i++) {
		const struct vault_key *key = &vault->keys[i];
		const struct pubkey_algorithm *row =
		    pubkey_type_algorithm(key->key->type, algorithm);

		if (row == NULL ||
		    !view_equal(
			hash, view_of(key->blob_hash, sizeof key->blob_hash)))
			continue;
		*own = row->name;
		return key;
	}
	return NULL;
}

bool
vault_key_is_slow(const struct vault_key *key)
{
	return key->key->type->is_slow;
}

bool
vault_has_slow(const struct vault *vault)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault_key_is_slow(&vault->keys[i]))
			return true;
	return false;
}

void
vault_forget(struct vault *vault, enum vault_pace pace)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault_key_is_slow(&vault->keys[i]) == (pace == VAULT_SLOW))
			pubkey_forget(vault->keys[i].key);
}

bool
vault_serves(
    const struct vault *vault, uint64_t listener, const char *algorithms)
{
	for (size_t i = 0; i < vault->count; i++)
		if ((vault->keys[i].listeners & listener) != 0 &&
		    vault_key_serves(&vault->keys[i], algorithms))
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

static bool
list_key(const struct vault_key *key, struct control_host_keys *list)
{
	const struct pubkey_algorithm *a = key->key->type->algorithms;

	for (; a->name != NULL; a++) {
		const char *name = has_certificate(key)
		    ? pubkey_certificate_algorithm(a->name)
		    : a->name;

		if (name == NULL)
			continue;
		if (list->count == CONTROL_HOST_KEYS_MAX)
			return false;
		list->keys[list->count].algorithm = view_of_string(name);
		list->keys[list->count].listeners = key->listeners;
		list->keys[list->count++].blob = vault_blob(key);
	}
	return true;
}

bool
vault_list(const struct vault *vault, struct control_host_keys *list)
{
	list->count = 0;
	list->listener_count = vault->listener_count;
	for (size_t i = 0; i < vault->listener_count; i++)
		list->listeners[i] = view_of_string(vault->listeners[i]);
	for (size_t i = 0; i < vault->count; i++)
		if (!list_key(&vault->keys[i], list))
			return false;
	return true;
}
