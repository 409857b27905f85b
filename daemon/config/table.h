/*
 * Every setting the daemon knows as a row, and the structs those rows
 * fill: values are typed, names not yet resolved.
 */
#ifndef SP_CONFIG_TABLE_H
#define SP_CONFIG_TABLE_H

#include "daemon/config/schema.h"

#include "daemon/config/cidr.h"

struct table_listener {
	const char *at;
	bool proxy;
	struct cidr_list proxy_from;
	struct string_list host_keys;
};

struct table_crypto {
	unsigned base;
	/* As written: algorithms.h makes them what they stand for. */
	struct string_list kex;
	struct string_list host_key;
	struct string_list user_key;
	struct string_list cipher;
	struct string_list mac;
	struct string_list compression;
	const char *moduli;
};

struct table_penalties {
	unsigned mode;
	uint64_t authfail;
	uint64_t noauth;
	uint64_t grace_exceeded;
	uint64_t crash;
	uint64_t min;
	uint64_t max;
	uint64_t max_known;
	uint64_t known_time;
	struct cidr_list exempt;
};

struct table_server {
	struct schema_groups listen; /* struct table_listener */
	struct string_list host_keys;
	struct string_list host_certificates;
	struct table_crypto crypto;
	const char *version;
	const char *decoy;
	uint64_t login_time;
	uint64_t renew_time;
	uint32_t max_waiting;
	uint32_t max_waiting_per_source;
	uint32_t max_logins;
	uint32_t max_logins_per_source;
	uint32_t max_tries;
	bool announce_host_keys;
	uint64_t rekey_bytes;
	uint64_t rekey_time;
	uint32_t gates;
	struct table_penalties penalties;
};

struct table_log {
	const char *to;
	unsigned format;
	unsigned level;
};

struct table_limits {
	uint64_t cpu;
	uint64_t memory;
	uint32_t processes;
	uint32_t files;
	uint64_t time;
};

struct table_session {
	const char *pam;
};

struct table_profile {
	struct string_list accept;
	const char *shell;
	const char *exec;
	const char *sftp;
	const char *scp;
	const struct tree_node *subsystem;
	const char *command;
	bool signals;
	const char *run_as;
	const char *chroot;
	const char *banner;
	const char *motd;
	struct string_list env;
	bool pty;
	unsigned umask;
	uint32_t max_channels;
	uint32_t max_sessions;
	uint32_t sessions_per_identity;
	uint64_t idle_time;
	uint64_t session_time;
	uint64_t alive_interval;
	uint32_t alive_count;
	struct table_session session;
	struct string_list ipqos;
	struct table_limits limits;
	bool no_new_privs;
	bool login_records;
};

struct table_rule {
	struct string_list user;
	struct string_list group;
	struct cidr_list from;
	struct string_list local;
	bool refuse;
	const char *use;
};

struct table {
	struct table_server server;
	struct table_log log;
	struct schema_groups auth; /* nodes alone */
	struct schema_groups handlers; /* nodes alone */
	struct schema_groups profiles; /* struct table_profile */
	struct schema_groups rules; /* struct table_rule */
};

/* The whole configuration: fills a struct table. */
extern const struct schema_row table_rows[];

/*
 * What every group of auth, and of handlers, has beside its module's own;
 * they fill nothing. "type" is the first.
 */
extern const struct schema_row table_auth_rows[];
extern const struct schema_row table_handler_rows[];
extern const struct schema_row table_storage_rows[];
/* The word of on_failure that is not its default. */
extern const char table_next[];

#endif
