/*
 * Private key files of any kind: which kind it is says the label between
 * their dashes.
 */
#include "lib/limits.h"
#include "lib/pubkey/armour.h"
#include "lib/pubkey/container.h"
#include "lib/pubkey/pem.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static const char label[] = "OPENSSH PRIVATE KEY";

static enum sp_status
read_container(const struct sp_crypto *crypto, struct sp_view lines,
    const char *passphrase, struct sp_key **key)
{
	struct secret bytes = { NULL, 0 };
	enum sp_status status = armour_decode(lines, &bytes);

	if (status == SP_OK)
		status = container_read(
		    crypto, bytes.data, bytes.len, passphrase, key);
	secret_clear(&bytes);
	return status;
}

enum sp_status
sp_key_parse(const struct sp_crypto *crypto, struct sp_view text,
    const char *passphrase, struct sp_key **key)
{
	struct armour armour;

	if (text.len > LIMIT_KEY_FILE)
		return SP_ERR_LIMIT;
	if (!armour_find(text, &armour))
		return SP_ERR_KEY_FORMAT;
	if (view_equal_string(armour.label, label))
		return read_container(crypto, armour.lines, passphrase, key);
	return pem_read(crypto, text, &armour, passphrase, key);
}

enum sp_status
sp_key_format_sealed(const struct sp_key *key, const char *comment,
    const struct sp_key_seal *seal, char **text)
{
	struct buffer container;
	enum sp_status status;

	if (key->pair == NULL)
		return SP_ERR_STATE;
	buffer_init(&container, LIMIT_KEY_FILE);
	status = container_write(key, comment, seal, &container);
	if (status == SP_OK)
		status = armour_write(label, buffer_view(&container), text);
	buffer_clear(&container);
	return status;
}

enum sp_status
sp_key_format(const struct sp_key *key, const char *comment, char **text)
{
	return sp_key_format_sealed(key, comment, NULL, text);
}

void
sp_key_free_text(char *text)
{
	if (text == NULL)
		return;
	OPENSSL_cleanse(text, strlen(text));
	free(text);
}
