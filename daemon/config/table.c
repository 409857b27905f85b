/* The rows of every setting. */
#include "daemon/config/table.h"

#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"
#include "lib/pubkey/pubkey.h"
#include "lib/transport/compression.h"
#include "lib/transport/kexmethod.h"

#define ROW(table, field, kind, value, text) \
	.name = #field, .type = kind, .offset = offsetof(struct table, field), \
	.dflt = value, .meaning = text
#define RANGE(from, to)	      .min = from, .max = to
#define GROUP_OF(rows, table) .group = rows, .size = sizeof(struct table)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { DAY = 24 * HOUR };

static const char *const key_words[] = { "auto", NULL };
static const char *const gate_words[] = { "cores", "per-connection", NULL };
static const char *const penalty_words[] = { "on", "off", NULL };
static const char *const crypto_words[] = { "modern", "compatible", NULL };
static const char *const moduli_words[] = { "own", NULL };
static const char *const log_words[] = { "auto", "stderr", "syslog", NULL };
static const char *const format_words[] = { "text", "json", NULL };
static const char *const level_words[] = { "error", "warning", "notice", "info",
	"debug", NULL };

static const struct schema_row listener_rows[] = {
	{ ROW(table_listener, at, SCHEMA_STRING, NULL,
	    "address and port, \"127.0.0.1:2222\" or \"[::]:22\"") },
	{ ROW(table_listener, proxy, SCHEMA_BOOL, "false",
	    "connections come from a proxy, and begin with a header of the "
	    "PROXY protocol that says for whom") },
	{ ROW(table_listener, proxy_from, SCHEMA_CIDRS, "",
	    "the proxies; who comes from elsewhere is turned away; must be "
	    "given with proxy") },
	{ ROW(table_listener, host_keys, SCHEMA_PATHS, "",
	      "private host keys of who comes by this listener, in place of "
	      "those of server.host_keys"),
	    .words = key_words },
	SCHEMA_END,
};

static const struct schema_row crypto_rows[] = {
	{ ROW(table_crypto, base, SCHEMA_WORD, "modern",
	      "the set that stands where a list is not given, or changed"),
	    .words = crypto_words },
	{ ROW(table_crypto, kex, SCHEMA_STRINGS, "",
	      "key exchange methods, the best first"),
	    .algorithms = kexmethod_row },
	{ ROW(table_crypto, host_key, SCHEMA_STRINGS, "",
	      "host key algorithms, the best first"),
	    .algorithms = pubkey_server_row },
	{ ROW(table_crypto, user_key, SCHEMA_STRINGS, "",
	      "what users' keys may sign with"),
	    .algorithms = pubkey_user_row },
	{ ROW(table_crypto, cipher, SCHEMA_STRINGS, "",
	      "ciphers, the best first"),
	    .algorithms = cipher_row },
	{ ROW(table_crypto, mac, SCHEMA_STRINGS, "",
	      "what authenticates packets of the ciphers that end in -ctr"),
	    .algorithms = mac_row },
	{ ROW(table_crypto, compression, SCHEMA_STRINGS, "",
	      "compression of packets once a user is logged in"),
	    .algorithms = compression_row },
	{ ROW(table_crypto, moduli, SCHEMA_PATH, "own",
	      "a file of moduli(5), whose groups of up to 3072 bits are "
	      "given in diffie-hellman-group-exchange-sha256; own are those "
	      "of RFC 3526"),
	    .words = moduli_words },
	SCHEMA_END,
};

static const struct schema_row penalty_rows[] = {
	{ ROW(table_penalties, mode, SCHEMA_WORD, "on",
	      "off counts nothing, and refuses no source"),
	    .words = penalty_words },
	{ ROW(table_penalties, authfail, SCHEMA_TIME, "5s",
	      "for a connection that ended after failed attempts"),
	    RANGE(0, DAY) },
	{ ROW(table_penalties, noauth, SCHEMA_TIME, "1s",
	      "for one that ended without any attempt"),
	    RANGE(0, DAY) },
	{ ROW(table_penalties, grace_exceeded, SCHEMA_TIME, "10s",
	      "for one that let login_time go by"),
	    RANGE(0, DAY) },
	{ ROW(table_penalties, crash, SCHEMA_TIME, "90s",
	      "for one whose process died of a signal"),
	    RANGE(0, DAY) },
	{ ROW(table_penalties, min, SCHEMA_TIME, "15s",
	      "a source that owes less is not refused"),
	    RANGE(0, DAY) },
	{ ROW(table_penalties, max, SCHEMA_TIME, "10m",
	      "no source owes more, whatever it does"),
	    RANGE(SECOND, DAY) },
	{ ROW(table_penalties, max_known, SCHEMA_TIME, "30s",
	      "nor one from where somebody was let in lately"),
	    RANGE(SECOND, DAY) },
	{ ROW(table_penalties, known_time, SCHEMA_TIME, "1d",
	      "so long that is lately"),
	    RANGE(0, 30 * (long long)DAY) },
	{ ROW(table_penalties, exempt, SCHEMA_CIDRS, "127.0.0.0/8 ::1",
	    "sources that are never refused") },
	SCHEMA_END,
};

static const struct schema_row server_rows[] = {
	{ ROW(table_server, listen, SCHEMA_GROUPS, NULL,
	      "where connections are taken; a string is a group with at"),
	    GROUP_OF(listener_rows, table_listener) },
	{ ROW(table_server, host_keys, SCHEMA_PATHS, "auto",
	      "private host keys, of listeners that name none; auto are made "
	      "at "
	      "the first start"),
	    .words = key_words },
	{ ROW(table_server, host_certificates, SCHEMA_PATHS, "",
	    "certificates of host keys, by whose authority clients know "
	    "them") },
	{ ROW(table_server, crypto, SCHEMA_GROUP, "modern",
	      "the algorithms that are offered; a word or a group of lists"),
	    .words = crypto_words, GROUP_OF(crypto_rows, table_crypto) },
	{ ROW(table_server, version, SCHEMA_STRING,
	    "Sallyport_" PACKAGE_VERSION,
	    "what the daemon calls itself after \"SSH-2.0-\"") },
	{ ROW(table_server, decoy, SCHEMA_STRING, "",
	    "profile whose dialogue a refused user is led through; without "
	    "it that of the last rule which uses one") },
	{ ROW(table_server, login_time, SCHEMA_TIME, "60s",
	      "from the connection to the end of the login"),
	    RANGE(SECOND, HOUR) },
	{ ROW(table_server, renew_time, SCHEMA_TIME, "1h",
	      "login program and gates are started anew when they are so old"),
	    RANGE(SECOND, DAY) },
	{ ROW(table_server, max_waiting, SCHEMA_COUNT, "20000",
	      "connections that are not logged in"),
	    RANGE(1, 1000000) },
	{ ROW(table_server, max_waiting_per_source, SCHEMA_COUNT, "20",
	      "of them from one address, or one IPv6 /64"),
	    RANGE(1, 1000000) },
	{ ROW(table_server, max_logins, SCHEMA_COUNT, "256",
	      "login processes that have not succeeded yet"),
	    RANGE(1, 100000) },
	{ ROW(table_server, max_logins_per_source, SCHEMA_COUNT, "8",
	      "of them for one address, or one IPv6 /64"),
	    RANGE(1, 100000) },
	{ ROW(table_server, max_tries, SCHEMA_COUNT, "6",
	      "failed attempts before a connection is ended"),
	    RANGE(1, 100) },
	{ ROW(table_server, announce_host_keys, SCHEMA_BOOL, "true",
	    "who is logged in is told of all host keys, and given proof") },
	{ ROW(table_server, rekey_bytes, SCHEMA_SIZE, "1G",
	      "a session renews its keys when it has sent or received so "
	      "much; its client may do so at any time"),
	    RANGE(65536, INT64_C(1) << 40) },
	{ ROW(table_server, rekey_time, SCHEMA_TIME, "1h",
	      "and when they are so old"),
	    RANGE(SECOND, DAY) },
	{ ROW(table_server, gates, SCHEMA_COUNT, "cores",
	      "processes that face the network; \"per-connection\" starts one "
	      "for each connection, which costs more and shares nothing"),
	    RANGE(1, 256), .words = gate_words },
	{ ROW(table_server, penalties, SCHEMA_GROUP, "on",
	      "for how long a source is refused whose connections fail; a "
	      "word or a group"),
	    .words = penalty_words, GROUP_OF(penalty_rows, table_penalties) },
	SCHEMA_END,
};

static const struct schema_row log_rows[] = {
	{ ROW(table_log, to, SCHEMA_PATH, "auto",
	      "auto is stderr on a terminal or in the foreground, else "
	      "syslog"),
	    .words = log_words },
	{ ROW(table_log, format, SCHEMA_WORD, "text",
	      "text keeps the wording that log watchers know"),
	    .words = format_words },
	{ ROW(table_log, level, SCHEMA_WORD, "info",
	      "the least important events that are logged"),
	    .words = level_words },
	SCHEMA_END,
};

static const struct schema_row limit_rows[] = {
	{ ROW(table_limits, cpu, SCHEMA_TIME, "0",
	    "computing time of each process, in whole seconds; then it is "
	    "killed; 0 is no limit, here and below") },
	{ ROW(table_limits, memory, SCHEMA_SIZE, "0",
	    "address space of each process") },
	{ ROW(table_limits, processes, SCHEMA_COUNT, "0",
	    "processes and threads of the account, all its logins together; "
	    "not for root") },
	{ ROW(table_limits, files, SCHEMA_COUNT, "0",
	    "files that each process may have open; 16 at least") },
	{ ROW(table_limits, time, SCHEMA_TIME, "0",
	    "from the start of each program until it is told to end, and "
	    "killed if it does not: as long again, and 5s at most") },
	SCHEMA_END,
};

static const struct schema_row session_rows[] = {
	{ ROW(table_session, pam, SCHEMA_STRING, "",
	    "the PAM service; \"\" is none; without it that of the first way "
	    "of "
	    "type pam, where the daemon is root's and no run_as is given") },
	SCHEMA_END,
};

static const struct schema_row profile_rows[] = {
	{ ROW(table_profile, accept, SCHEMA_STRINGS, NULL,
	    "ways to prove who one is, any of which lets in; \"a+b\" asks "
	    "for both, in this order") },
	{ ROW(table_profile, shell, SCHEMA_STRING, "",
	    "handler of shell requests") },
	{ ROW(table_profile, exec, SCHEMA_STRING, "", "handler of commands") },
	{ ROW(table_profile, sftp, SCHEMA_STRING, "",
	    "handler of the subsystem sftp") },
	{ ROW(table_profile, scp, SCHEMA_STRING, "",
	    "handler of the commands by which a client of scp's old protocol "
	    "begins, \"scp -t\" and \"scp -f\", instead of exec") },
	{ ROW(table_profile, subsystem, SCHEMA_NAMES, "",
	    "handlers of other subsystems, by their names") },
	{ ROW(table_profile, command, SCHEMA_STRING, "",
	    "command that exec runs whatever a client asks for, a shell and "
	    "subsystems too; what it asked for is in SSH_ORIGINAL_COMMAND") },
	{ ROW(table_profile, signals, SCHEMA_BOOL, "false",
	    "whether signals that a client sends reach that command") },
	{ ROW(table_profile, run_as, SCHEMA_STRING, "",
	    "account the session runs as, instead of the user's own") },
	{ ROW(table_profile, chroot, SCHEMA_PATH, "",
	    "root folder of the session and its programs; it and all above "
	    "belong to root and are writable by nobody else") },
	{ ROW(table_profile, banner, SCHEMA_STRING, "",
	    "text that is shown before the login; %u is the name that was "
	    "given, %n that of this machine; each client that asks how to log "
	    "in then costs a process") },
	{ ROW(table_profile, motd, SCHEMA_PATH, "",
	    "file that is shown where a shell starts on a terminal, unless "
	    "there is a ~/.hushlogin; read as the user") },
	{ ROW(table_profile, env, SCHEMA_PATTERNS, "",
	    "variables the client may set") },
	{ ROW(table_profile, pty, SCHEMA_BOOL, "true",
	    "whether a terminal may be asked for") },
	{ ROW(table_profile, umask, SCHEMA_MODE, "0022",
	      "bits that new files are made without"),
	    RANGE(0, 0777) },
	{ ROW(table_profile, max_channels, SCHEMA_COUNT, "100",
	      "channels that one connection may have open"),
	    RANGE(1, 10000) },
	{ ROW(table_profile, max_sessions, SCHEMA_COUNT, "10",
	      "shells, commands and subsystems that one connection may have "
	      "open"),
	    RANGE(0, 10000) },
	{ ROW(table_profile, sessions_per_identity, SCHEMA_COUNT, "0",
	      "connections that one identity may have logged in at once; 0 no "
	      "limit"),
	    RANGE(0, 10000) },
	{ ROW(table_profile, idle_time, SCHEMA_TIME, "0",
	    "a connection without traffic for so long is ended; 0 never") },
	{ ROW(table_profile, session_time, SCHEMA_TIME, "0",
	    "a connection is ended so long after the login; 0 never") },
	{ ROW(table_profile, alive_interval, SCHEMA_TIME, "0",
	    "a client that said nothing for so long is asked whether it is "
	    "there; 0 never") },
	{ ROW(table_profile, alive_count, SCHEMA_COUNT, "3",
	      "the connection is ended when so many questions in a row were "
	      "not answered"),
	    RANGE(1, 1000) },
	{ ROW(table_profile, session, SCHEMA_GROUP, "",
	      "what is done as root when a user is let in, whichever way he "
	      "proved who he is, and when his session ends"),
	    GROUP_OF(session_rows, table_session) },
	{ ROW(table_profile, ipqos, SCHEMA_STRINGS, "af21 cs1",
	    "what packets say of themselves, as IPQoS of ssh_config(5): where "
	    "the first program has a terminal, and where it has none; one "
	    "stands for both") },
	{ ROW(table_profile, limits, SCHEMA_GROUP, "",
	      "of the programs that handlers start; what the daemon was "
	      "started with is never raised"),
	    GROUP_OF(limit_rows, table_limits) },
	{ ROW(table_profile, no_new_privs, SCHEMA_BOOL, "",
	    "nothing that is run gains privileges by set-uid files, as sudo "
	    "does; without it true unless the handler of shell is of the "
	    "type login") },
	{ ROW(table_profile, login_records, SCHEMA_BOOL, "",
	    "root's daemon writes logins to lastlog, and terminals to utmp "
	    "and wtmp; shells on a terminal are told of the last login; "
	    "without it true where the handler of shell is of the type "
	    "login") },
	SCHEMA_END,
};

static const struct schema_row rule_rows[] = {
	{ ROW(table_rule, user, SCHEMA_PATTERNS, "", "the user's name") },
	{ ROW(
	    table_rule, group, SCHEMA_PATTERNS, "", "a group the user is in") },
	{ ROW(table_rule, from, SCHEMA_CIDRS, "",
	    "where the connection comes from") },
	{ ROW(table_rule, local, SCHEMA_STRINGS, "",
	    "where it arrived: a network, an address and port, or \":port\"") },
	{ ROW(table_rule, refuse, SCHEMA_BOOL, "false",
	    "whom this rule fits is refused") },
	{ ROW(table_rule, use, SCHEMA_STRING, "",
	    "profile of whom this rule fits") },
	SCHEMA_END,
};

#define TYPE_ROW \
	{ \
		.name = "type", .type = SCHEMA_STRING, \
		.meaning = \
		    "the module; what else is set here is in its manual", \
	}

const char table_next[] = "next";

static const char *const failure_words[] = { "refuse", table_next, NULL };

const struct schema_row table_auth_rows[] = {
	TYPE_ROW,
	{ .name = "on_failure",
	    .type = SCHEMA_WORD,
	    .dflt = "refuse",
	    .words = failure_words,
	    .meaning = "where the module cannot find out whether a proof is "
		       "right: it is refused, or the next way is asked" },
	SCHEMA_END,
};

const struct schema_row table_handler_rows[] = { TYPE_ROW, SCHEMA_END };

/* The option that it stands in has the default of its own. */
const struct schema_row table_storage_rows[] = {
	{ .name = "type",
	    .type = SCHEMA_STRING,
	    .dflt = "",
	    .meaning = "the module" },
	SCHEMA_END,
};

const struct schema_row table_rows[] = {
	{ ROW(table, server, SCHEMA_GROUP, "", "what listens, and its limits"),
	    GROUP_OF(server_rows, table_server) },
	{ ROW(table, log, SCHEMA_GROUP, "", "what is logged, and where"),
	    GROUP_OF(log_rows, table_log) },
	{ ROW(table, auth, SCHEMA_MAP, "", "ways to prove who one is") },
	{ ROW(table, handlers, SCHEMA_MAP, "", "what serves requests") },
	{ ROW(table, profiles, SCHEMA_MAP, "",
	      "how one proves who he is, and what he may do"),
	    GROUP_OF(profile_rows, table_profile) },
	{ ROW(table, rules, SCHEMA_GROUPS, "",
	      "who gets which profile: the first rule that fits decides"),
	    GROUP_OF(rule_rows, table_rule) },
	SCHEMA_END,
};
