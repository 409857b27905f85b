/*
 * Every limit of the library, by name: whatever a peer can make grow ends
 * at one of these.
 */
#ifndef SP_LIMITS_H
#define SP_LIMITS_H

enum {
	/* transport */
	LIMIT_IDENTIFICATION = 255, /* with CR LF (RFC 4253 4.2) */
	LIMIT_BANNER_LINES = 64, /* client: lines before it */
	LIMIT_BANNER_LINE = 1024,
	LIMIT_PACKET = 35000, /* packet_length (RFC 4253 6.1) */
	LIMIT_PACKET_TRUSTED = 245760, /* after login: it fits a read */
	LIMIT_KEXINIT = 16384, /* payload of either side's */
	LIMIT_EXT_INFO = 32, /* extensions in one message */
	LIMIT_SIG_ALGS = 4096, /* what a server takes of users, as a list */
	LIMIT_OUTPUT_WAITING = 65536, /* past it no packet is opened */
	LIMIT_OUTPUT_STRANGER = 8192, /* the same before authentication */
	LIMIT_HELD = 60000, /* output held back by a rekey, sealed */
	LIMIT_OUTPUT = 1048576, /* never more than this */
	LIMIT_GROUP_BITS_MIN = 2048, /* of a group exchange */
	LIMIT_GROUP_BITS_SERVED = 3072, /* more costs a server too much */
	LIMIT_GROUP_BITS = 8192,
	LIMIT_KEX_MS = 120000, /* for an exchange of new keys to end */
	LIMIT_REKEY_BYTES = 65536, /* no more often than this */
	LIMIT_REKEY_MS = 1000,
	LIMIT_READ_STRANGER = 4096, /* one read before authentication */
	LIMIT_READ = 262144, /* one read after it */

	/*
	 * What one engine holds at most, OpenSSL's part included, whatever
	 * its peer sends and however little it reads (greed_test.c). Each
	 * channel adds its own, and twice its window: what is not taken waits
	 * in a buffer that may have room for as much again. Compression
	 * (two states of zlib, two more while keys change, and what becomes
	 * of a packet) and a group of 8192 bits come on top.
	 */
	LIMIT_MEMORY_UNKNOWN = 20 * 1024, /* before its identification */
	LIMIT_MEMORY_EXCHANGE = 160 * 1024, /* in its first key exchange */
	LIMIT_MEMORY_GROUP = 64 * 1024, /* a client besides, of 8192 bits */
	LIMIT_MEMORY_STRANGER = 160 * 1024, /* from there to the login */
	LIMIT_MEMORY_USER = 576 * 1024, /* after it, and in a rekey */
	LIMIT_MEMORY_CHANNEL = 2 * 1024,
	LIMIT_MEMORY_COMPRESSION = 512 * 1024, /* zlib's states, results */

	/* userauth */
	LIMIT_USER = 255,
	LIMIT_SERVICE = 64,
	LIMIT_METHOD = 64,
	LIMIT_TRIES = 6,
	LIMIT_KEY_QUERIES = 64, /* "would this key do" */
	LIMIT_PASSWORD = 1024, /* of a password, and of a response */
	LIMIT_LANGUAGE = 64,
	LIMIT_SUBMETHODS = 1024,
	LIMIT_PROMPTS = 32, /* in one round */
	LIMIT_PROMPT = 4096, /* one, and the text above them */
	LIMIT_HOST_NAME = 255,

	/* connection */
	LIMIT_CHANNELS = 64,
	LIMIT_CHANNEL_PACKET = 32768, /* data in one message, both ways */
	LIMIT_QUESTIONS = 16, /* open, per channel and global */
	LIMIT_WINDOW = 16 * 1024 * 1024,
	LIMIT_BULK_PACKETS = 8, /* reserved at a time */

	/* keys */
	LIMIT_KEY_NAME = 64, /* of a type or an algorithm (RFC 4251 6) */
	LIMIT_KEY_BLOB = 16384,
	LIMIT_KEY_FILE = 65536,
	LIMIT_CERTIFICATE_ID = 1024,
	LIMIT_CERTIFICATE_PRINCIPALS = 256,
	LIMIT_CERTIFICATE_OPTIONS = 64, /* critical ones, and extensions */
	LIMIT_KEY_ROUNDS = 4096, /* of bcrypt for a passphrase */
	LIMIT_KEY_ITERATIONS = 10000000, /* of PBKDF2 */
	LIMIT_KEY_SCRYPT_N = 1048576,
	LIMIT_KEY_SCRYPT_R = 16,
	LIMIT_KEY_SCRYPT_P = 16,
	LIMIT_RSA_BITS_MIN = 2048,
	LIMIT_RSA_BITS = 16384,
	LIMIT_RSA_EXPONENT = 4, /* bytes of the public one */
	LIMIT_KEY_LINE = 16384, /* of authorized_keys */
};

#endif
