/* Random bytes from OpenSSL's generator, which reseeds itself after a fork. */
#include "lib/crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>

enum sp_status
random_bytes(uint8_t *room, size_t len)
{
	if (len > INT_MAX || RAND_bytes(room, (int)len) != 1)
		return SP_ERR_RANDOM;
	return SP_OK;
}
