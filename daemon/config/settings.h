/*
 * The configuration as the daemon uses it: typed, with every default in
 * its place and every name resolved. What a process is given of it is in
 * projection.h; how it is read is in loader.h.
 */
#ifndef SP_CONFIG_SETTINGS_H
#define SP_CONFIG_SETTINGS_H

#include "daemon/config/arena.h"
#include "daemon/config/cidr.h"
#include "daemon/config/tree.h"

#include <sallyport/engine.h>
#include <sys/types.h>

/* An index that points at nothing: the request is refused. */
#define SETTINGS_NONE SIZE_MAX

struct listener_settings {
	const char *at; /* as written: "[::]:2222" */
	struct cidr_endpoint endpoint;
	bool proxy; /* connections begin with a proxy's header */
	struct cidr_list proxy_from; /* whose; empty without proxy */
	struct string_list host_keys; /* files; or "auto"; never empty */
};

/* So many of them, since each is a bit where keys are told of. */
enum { SETTINGS_LISTENERS_MAX = 64 };

struct listener_list {
	const struct listener_settings *items;
	size_t count;
};

/* A profile's command, before anything is put in. */
enum { SETTINGS_COMMAND_MAX = 4096 };

/* A profile's banner, the same. */
enum { SETTINGS_BANNER_MAX = 2048 };

/* Of a file of moduli(5); none: the engine's own. */
struct group_list {
	const struct sp_dh_group *items;
	size_t count;
};

#define SETTINGS_GATES_PER_CONNECTION UINT32_MAX

/* What is held against a source, and for how long; milliseconds. */
struct penalty_settings {
	bool are_on;
	uint64_t crash;
	uint64_t authfail;
	uint64_t noauth;
	uint64_t grace_exceeded;
	uint64_t min; /* what must be owed before a source is refused */
	uint64_t max; /* nobody owes more */
	uint64_t max_known; /* nor does a source from where somebody got in */
	uint64_t known_time; /* so long ago at most */
	struct cidr_list exempt; /* never refused */
};

struct server_settings {
	const struct listener_settings *listen;
	size_t listen_count;
	struct string_list host_certificates; /* files */
	const char *version; /* what follows "SSH-2.0-" */
	struct sp_algorithms crypto;
	struct group_list groups;
	uint64_t login_time; /* milliseconds */
	uint64_t renew_time; /* milliseconds; age of login program and gates */
	uint32_t max_waiting; /* connections that are not logged in */
	uint32_t max_waiting_per_source;
	uint32_t max_logins; /* login processes without success yet */
	uint32_t max_logins_per_source;
	uint32_t max_tries; /* failed authentication requests */
	bool announce_host_keys; /* to who is logged in */
	uint64_t rekey_bytes; /* of a session, either direction */
	uint64_t rekey_time; /* milliseconds */
	/* 0: as many as there are cores; or SETTINGS_GATES_PER_CONNECTION */
	uint32_t gates;
	struct penalty_settings penalties;
};

enum settings_log_format { SETTINGS_LOG_TEXT, SETTINGS_LOG_JSON };
enum settings_log_level {
	SETTINGS_LOG_ERROR,
	SETTINGS_LOG_WARNING,
	SETTINGS_LOG_NOTICE,
	SETTINGS_LOG_INFO,
	SETTINGS_LOG_DEBUG,
};

struct log_settings {
	const char *to; /* "auto", "stderr", "syslog", or an absolute path */
	enum settings_log_format format;
	enum settings_log_level level;
};

/* So many groups of auth may have a process of their own. */
enum { SETTINGS_SERVICES_MAX = 16 };

/* One use of a module: a group of auth or handlers. */
struct module_settings {
	const char *name; /* of the group */
	const char *type; /* of the module */
	/* The group's other settings, in order; never NULL. */
	const struct tree_node *options;
	/*
	 * What the module says it serves, "publickey" or "shell,exec"; ""
	 * when nobody could be asked.
	 */
	const char *serves;
	bool goes_on; /* of auth: where it fails, the next way is asked */
	bool has_service; /* of auth: it has a process of its own */
};

/* One way to be accepted: all of these ways to prove, in this order. */
struct accept_settings {
	const size_t *steps; /* indices into auths; never empty */
	size_t count;
};

struct subsystem_settings {
	const char *name;
	size_t handler;
};

/* Of each program that a handler starts; 0: none. */
struct limits_settings {
	uint64_t cpu; /* seconds */
	uint64_t memory; /* bytes of address space */
	uint32_t processes; /* of the account, in all */
	uint32_t files; /* open at once */
	uint64_t time; /* milliseconds */
};

struct profile_settings {
	const char *name;
	const struct accept_settings *accept; /* any of these; never empty */
	size_t accept_count;
	size_t shell; /* index into handlers, or SETTINGS_NONE */
	size_t exec;
	size_t scp; /* commands of scp's, before exec */
	const struct subsystem_settings *subsystems;
	size_t subsystem_count;
	const char *command; /* in place of what is asked for; "": none */
	bool signals; /* whether a client's reach that command */
	const char *run_as; /* account; "" for the user's own */
	const char *chroot; /* root folder, before it is expanded; "": none */
	const char *banner; /* before the login, before it is expanded */
	const char *motd; /* file, before it is expanded; "": none */
	struct string_list env; /* patterns of names the client may set */
	bool pty; /* whether a terminal may be had */
	unsigned umask;
	uint32_t max_channels; /* at once, of one connection */
	uint32_t max_sessions; /* of these channels that are sessions */
	uint32_t sessions_per_identity; /* connections of it; 0: no limit */
	uint64_t idle_time; /* milliseconds; 0 for ever */
	uint64_t session_time; /* milliseconds; 0 for ever */
	uint64_t alive_interval; /* milliseconds; 0: the client is not asked */
	uint32_t alive_count;
	size_t session; /* index into auths: opens and closes it; or NONE */
	/* What packets say of themselves (dscp.h): with a terminal, and without. */
	uint16_t interactive;
	uint16_t bulk;
	struct limits_settings limits;
	bool no_new_privs; /* nothing run gains any, as by set-uid files */
	bool login_records; /* lastlog, utmp, wtmp */
};

/* A listener's address a rule asks for; port 0 for any. */
struct local_settings {
	bool has_address;
	struct cidr net;
	uint16_t port;
};

/* A matcher with no members was not given, and fits. */
struct rule_settings {
	struct string_list user; /* patterns */
	struct string_list group; /* patterns */
	struct cidr_list from;
	const struct local_settings *local;
	size_t local_count;
	bool refuse;
	size_t profile; /* SETTINGS_NONE when the rule refuses */
	const char *file;
	unsigned line;
};

/* Who may come in and what he may do: all that a login needs. */
struct access_settings {
	const struct module_settings *auths;
	size_t auth_count;
	const struct module_settings *handlers;
	size_t handler_count;
	const struct profile_settings *profiles;
	size_t profile_count;
	const struct rule_settings *rules; /* never empty */
	size_t rule_count;
	size_t decoy; /* the profile a refused user is shown */
	uid_t daemon_uid; /* who the daemon runs as: 0 may become anybody */
	uid_t uid_min; /* accounts below are the system's own */
};

struct settings {
	struct arena arena;
	const char *path; /* the main file; "built in" when there is none */
	struct server_settings server;
	struct log_settings log;
	struct access_settings access;
	/*
	 * As written and merged; what was not written is not there, but for
	 * the lists of algorithms, which are as they turned out.
	 */
	struct tree_node *tree;
};

/* The authentication methods that any profile's first steps serve. */
const char *settings_methods(struct arena *, const struct access_settings *);

void settings_free(struct settings *);

#endif
