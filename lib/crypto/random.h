/* Random bytes for keys, cookies and padding. */
#ifndef SP_CRYPTO_RANDOM_H
#define SP_CRYPTO_RANDOM_H

#include <sallyport/types.h>

SP_MUST_USE enum sp_status random_bytes(uint8_t *room, size_t len);

#endif
