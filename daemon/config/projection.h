/*
 * What each process is told of the configuration, encoded by the one that
 * read it and decoded by its reader, which trusts nothing. Strings of a
 * decoded projection live in the arena the reader is given.
 */
#ifndef SP_CONFIG_PROJECTION_H
#define SP_CONFIG_PROJECTION_H

#include "daemon/config/settings.h"
#include "lib/wire/buffer.h"

/* No projection is larger. */
enum { PROJECTION_MAX = 16 * 1024 * 1024 };

/* Limits are those of the whole daemon: a gate takes its share of gates. */
struct gate_settings {
	const char *version; /* what follows "SSH-2.0-" */
	const char *methods; /* name-list for the answer to "none" */
	struct listener_list listen;
	struct sp_algorithms crypto;
	struct group_list groups;
	uint64_t login_time; /* milliseconds */
	uint32_t max_waiting;
	uint32_t max_waiting_per_source;
	uint32_t max_logins;
	uint32_t max_logins_per_source;
	uint32_t max_tries;
	uint32_t gates; /* how many there are, never 0 */
	/* "none" is a login's: some profile has a banner, or a way by it */
	bool hears_none;
	bool per_connection; /* each connection has a gate of its own */
	struct penalty_settings penalties;
	enum settings_log_level log_level;
};

struct keyholder_settings {
	/* Of each its name and its keys, paths or "auto"; never empty. */
	struct listener_list listen;
	struct string_list host_certificates; /* paths */
	struct sp_algorithms crypto;
	uint64_t login_time; /* milliseconds */
	enum settings_log_level log_level;
};

struct login_settings {
	struct access_settings access;
	struct listener_list listen;
	struct sp_algorithms crypto;
	struct group_list groups;
	uint64_t login_time; /* milliseconds */
	uint32_t max_logins; /* processes without success yet */
	uint32_t max_logins_per_source;
	uint32_t max_tries;
	bool announce_host_keys;
	uint64_t rekey_bytes;
	uint64_t rekey_time; /* milliseconds */
	struct penalty_settings penalties;
	enum settings_log_level log_level;
};

struct ledger_settings {
	struct penalty_settings penalties;
	enum settings_log_level log_level;
};

/* What the supervisor itself goes by. */
struct supervisor_settings {
	const char *path; /* of the file; or BUILTIN_NAME */
	struct listener_list listen;
	uint32_t gates; /* how many to start, never 0 */
	bool per_connection; /* each connection has a gate of its own */
	bool makes_host_key; /* one of the host keys is "auto" */
	uint64_t login_time; /* milliseconds */
	uint64_t renew_time; /* milliseconds */
	struct log_settings log;
	struct {
		uint32_t way; /* among the login's auths */
		const char *name; /* of the group */
	} services[SETTINGS_SERVICES_MAX];
	size_t service_count;
};

/* What a module's service is told: the one group that it is for. */
struct service_settings {
	uint32_t way; /* its place among the login's auths */
	struct module_settings module;
	enum settings_log_level log_level;
};

/*
 * Each writes one projection at the end of the buffer. SP_ERR_LIMIT past
 * the buffer's maximum, SP_ERR_MEMORY. gates is how many are started.
 */
SP_MUST_USE enum sp_status
projection_write_gate(const struct settings *, uint32_t gates, struct buffer *);
SP_MUST_USE enum sp_status
projection_write_keyholder(const struct settings *, struct buffer *);
SP_MUST_USE enum sp_status
projection_write_login(const struct settings *, struct buffer *);
SP_MUST_USE enum sp_status
projection_write_ledger(const struct settings *, struct buffer *);
SP_MUST_USE enum sp_status projection_write_supervisor(
    const struct settings *, uint32_t gates, struct buffer *);
SP_MUST_USE enum sp_status
projection_write_service(const struct settings *, size_t way, struct buffer *);

/* SP_ERR_FORMAT or SP_ERR_TRAILING leave *settings untouched. */
SP_MUST_USE enum sp_status
projection_read_gate(struct sp_view, struct arena *, struct gate_settings *);
SP_MUST_USE enum sp_status projection_read_keyholder(
    struct sp_view, struct arena *, struct keyholder_settings *);
SP_MUST_USE enum sp_status
projection_read_login(struct sp_view, struct arena *, struct login_settings *);
SP_MUST_USE enum sp_status projection_read_ledger(
    struct sp_view, struct arena *, struct ledger_settings *);
SP_MUST_USE enum sp_status projection_read_supervisor(
    struct sp_view, struct arena *, struct supervisor_settings *);
SP_MUST_USE enum sp_status projection_read_service(
    struct sp_view, struct arena *, struct service_settings *);

#endif
