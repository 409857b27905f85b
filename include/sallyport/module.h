/*
 * The module interface: all that a module of Sallyport's may see and do.
 *
 * A module is a shared object that exports one data symbol, `sp_module`,
 * made by SP_MODULE() below. `type = "NAME"` in a group of `auth` or
 * `handlers` of the configuration loads NAME.so from the module folder.
 *
 * An auth module answers, in the login's own process and before that
 * process is the user, whether a credential is right. It is straight code
 * that may block: the process that started the login kills it when
 * login_time is over.
 *
 * What must outlive a login (a cache, a connection, a worker that is warm)
 * lives in the module's service: one process, with an account of its own
 * and next to no rights, that each login has a socket to.
 *
 * A handler module serves the requests of session channels, in the
 * process that is the user, on that process's event loop: it must not
 * block. It sees channels, never packets; mostly it starts a program, and
 * the host moves the bytes. One that speaks on the channel itself takes
 * the client's bytes as they come and puts its own into packets being
 * built.
 *
 * A storage module has the files behind SFTP, in the same process: see
 * storage.h.
 *
 * Whatever is unknown, late, failed or unanswered means no.
 *
 * Compatibility. Numbers, once given, keep their meaning. Structures that
 * cross the interface begin with their size: the side that reads one
 * takes what the other's size covers and treats the rest as absent, so
 * members are only ever added at the end. The minor version counts such
 * additions; the major version counts what breaks them.
 */
#ifndef SALLYPORT_MODULE_H
#define SALLYPORT_MODULE_H

#include <sallyport/restraint.h>
#include <sallyport/types.h>

#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SP_MODULE_MAGIC 0x53505031u /* "SPP1" */
#define SP_ABI_MAJOR	1 /* differs from the daemon's: refused */
#define SP_ABI_MINOR	4 /* newer than the daemon's: refused */

/* ---- options: declared once; checked, shown and documented by the host */

/* The strings of a list. */
struct sp_list {
	const char *const *items;
	size_t count;
};

/* The groups of a list: count structs, one behind the other. */
struct sp_groups {
	const void *items;
	size_t count;
	const void *host; /* the host's own */
};

/* After each: the C type of the member, and how a value is written. */
enum sp_opt_type {
	SP_O_STR = 1, /* const char *; "text" */
	SP_O_BOOL = 2, /* bool; true */
	SP_O_INT = 3, /* int64_t; 5 */
	SP_O_SIZE = 4, /* uint64_t, bytes; "64K" */
	SP_O_TIME = 5, /* uint64_t, milliseconds; "30s" */
	SP_O_RATE = 6, /* uint64_t, bytes a second; "5M/s" */
	SP_O_MODE = 7, /* unsigned; "0640" */
	SP_O_PATH = 8, /* const char *; "/etc/x", "%h/x" */
	SP_O_WORD = 9, /* unsigned, the place among words; "one" */
	SP_O_STRV = 10, /* struct sp_list; [ "a", "b" ] */
	SP_O_PATHV = 11, /* struct sp_list, of paths */
	SP_O_PATTERNV = 12, /* struct sp_list, of patterns; [ "a*", "b" ] */
	SP_O_WHO = 13, /* the same, or true (all) or false (none) */
	SP_O_TEXT = 14, /* const char *, to be expanded; "Hi %i!\n" */
	SP_O_ARGV = 15, /* struct sp_list; [ "/bin/x", "-a", "%1" ] */
	SP_O_ENVV = 16, /* struct sp_list; [ "LANG=C", "WHO=%i" ] */
	SP_O_GROUP = 17, /* a struct; { a = 1; } */
	SP_O_GROUPS = 18, /* struct sp_groups; ( { a = 1; }, { a = 2; } ) */
	/* const struct sp_storage * of storage.h; { type = "local"; } */
	SP_O_STORAGE = 19, /* dflt: the type */
};

struct sp_opt {
	const char *name; /* as in the configuration */
	const char *help; /* one line, without a full stop */
	uint32_t type; /* enum sp_opt_type */
	size_t offset; /* of the member in the module's own struct */
	const char *dflt; /* as it would be written; NULL: must be given */
	/* INT, SIZE, TIME, RATE; of a list, its members; both 0: no range */
	int64_t min, max;
	const char *const *words; /* SP_O_WORD: ends with NULL */
	/* GROUP and GROUPS: what each holds, as a table of its own. */
	const struct sp_opt *group;
	size_t group_size; /* of the struct that this table fills */
};
/* The first members of a row; others may follow: SP_OPT(...), .max = 9. */
#define SP_OPT(conf, member, kind, preset, meaning) \
	.name = #member, .help = meaning, .type = kind, \
	.offset = offsetof(conf, member), .dflt = preset

/* ---- auth ---- */

/* One login: an account and what it was asked with. */
struct sp_login;

enum sp_verdict {
	SP_NEXT = 0, /* no opinion: the next way is asked */
	SP_ALLOW = 1, /* right */
	SP_DENY = 2, /* wrong, and no other way is asked about it */
	SP_MORE = 3, /* right so far: a further step must follow */
	/*
	 * Could not be found out: as SP_DENY, or on_failure. It costs the
	 * client's source nothing, so it is never for what he could provoke.
	 */
	SP_FAIL = 4,
	/*
	 * "password": right, but it must be changed first. The client is
	 * asked for a new one, and change_password() with it.
	 */
	SP_CHANGE = 5,
};

/*
 * What a client offers as proof. Strings have no control characters, but
 * for a password.
 */
struct sp_cred {
	uint32_t size;
	/*
	 * "publickey", "password", "keyboard-interactive", "hostbased",
	 * "none"
	 */
	const char *method;
	const char *user; /* as the client gave it */
	/*
	 * publickey. Unless `probe` is set the host has verified that the
	 * client holds the private key.
	 */
	const char *key_algorithm;
	const char *key_fingerprint; /* "SHA256:..." */
	struct sp_view key; /* blob */
	/* "Would this do?": must have no effect, never lets anybody in. */
	bool probe;
	/*
	 * password. Never empty, at most 1024 bytes, none of them NUL; wiped
	 * when the verdict is known. Who cannot be let in, whatever he
	 * shows, has his replaced by one that nobody has, so that the work
	 * is the same; and so has what he answers to sp_ask().
	 */
	const char *password;
	/* keyboard-interactive: the client's hints, a name-list, or "". */
	const char *submethods;
	/*
	 * Where `key` is a certificate: the key that signed it, which the
	 * host has verified. Whether that one is to be trusted, for this
	 * user, is for the module to know. Its time, its critical options
	 * and what it does not permit are the host's: they hold anyway.
	 * key_fingerprint is that of the key the certificate is for.
	 */
	struct sp_view authority; /* empty: it is none */
	const char *authority_fingerprint;
	/*
	 * hostbased: `key` is that of the client's host, or a certificate of
	 * it, and the host has verified that it vouches for these; there is
	 * no probe. Whether the key is that host's, and whether it is to be
	 * believed, is for the module to know.
	 */
	const char *client_host; /* of a-z, 0-9 and ".-_:", no dot behind */
	const char *client_user; /* his name there */
};

struct sp_auth_ops {
	uint32_t size;
	const char *methods; /* name-list: "publickey" */
	/*
	 * Once, in the parent of all logins: checks what the options name.
	 * It may read; it starts no thread, keeps no descriptor open and
	 * connects to nothing. False, with a sentence in err: the daemon
	 * does not start. NULL: nothing to check.
	 */
	bool (*start)(const void *conf, char *err, size_t err_size);
	enum sp_verdict (*check)(
	    struct sp_login *, const struct sp_cred *, const void *conf);
	/*
	 * In the login's own process, before it is first asked: opens what
	 * a fork does not leave whole. False: it is as if all its verdicts
	 * were SP_FAIL. NULL: nothing to open.
	 */
	bool (*attach)(struct sp_login *, const void *conf);
	/*
	 * After SP_CHANGE: cred has the old password, which is to be checked
	 * again, the other is to take its place. SP_ALLOW and SP_MORE: it
	 * has; SP_CHANGE: it was not good enough, the client is asked for
	 * another. NULL: no password is changed here.
	 */
	enum sp_verdict (*change_password)(struct sp_login *,
	    const struct sp_cred *, const char *new_password, const void *conf);
	/*
	 * What was attached is not asked any more: the client is let in, or
	 * is not. Still before the process is the user. A login that is
	 * killed when its time is up gets no such call.
	 */
	void (*end)(struct sp_login *, bool accepted, const void *conf);
	/*
	 * Its SP_ALLOW and SP_MORE say too that the account may be used: one
	 * whose password must be changed first is let in by no other.
	 */
	bool checks_account;
	/* Whether it knows of certificates; else it is asked about none. */
	bool takes_certificates;
	/*
	 * Where a profile's `session` names this group, as root with the
	 * user's groups: who proved himself, to whichever way, is to be let
	 * in. What it changes of its process the session has too. False: he
	 * is not let in, and nothing is left behind. NULL: cannot be named.
	 */
	bool (*open)(struct sp_login *, const void *conf);
	/*
	 * In the process of open(), when the session's has ended. end() comes
	 * behind it, and in the session's first, where it undoes nothing.
	 */
	void (*close)(struct sp_login *, const void *conf);
	/*
	 * The body of one process for all logins, started with the daemon
	 * and again when it ends, which is a crash before sp_service_accept()
	 * said that it may. start() was called there too, while it was root.
	 * It may block, start threads and programs; it gains no privileges.
	 * NULL: none is needed.
	 */
	int (*service)(int fd, const void *conf);
};

/*
 * A fact about the login, borrowed; NULL where there is none. "user",
 * "uid", "home", "shell" (the account's), "peer", "peer_port", "local",
 * "local_port" (the connection's, numeric), "listener", "profile", "way"
 * (the name of the module's group in the configuration).
 */
SP_PUBLIC const char *sp_login_get(struct sp_login *, const char *key);

/*
 * Writes the pattern into room with %u, %i, %h, %n and %% replaced. False
 * when it does not fit, a letter is unknown, or a value cannot stand in a
 * path (empty, ".", "..", begins with "-", holds "/"; %h may hold it).
 */
SP_PUBLIC SP_MUST_USE bool sp_login_expand(
    struct sp_login *, const char *pattern, char *room, size_t size);

/*
 * Who proved himself, where that is not the account's name. Two that
 * differ, also of different acceptances, make the later one a refusal.
 */
SP_PUBLIC SP_MUST_USE bool
sp_login_set_identity(struct sp_login *, const char *identity);

/*
 * Memory of this group's own in this login, the same at each call, zeroed
 * at the first; wiped after end(). NULL without memory.
 */
SP_PUBLIC void *sp_login_state(struct sp_login *, size_t size);

/* A question to the client. */
struct sp_question {
	const char *text; /* "Password: " */
	bool echo; /* what is typed may be seen */
	char *answer; /* room of size bytes; to be wiped by who asked */
	size_t size; /* a longer answer makes the request fail */
};

/*
 * "keyboard-interactive" alone: asks the client, with at most 32 questions
 * under a heading and a text (NULL: none), and waits. False when there is
 * no answer that counts, in check() of another method at once: he is not
 * let in by this request, whatever the verdict, and the module should be
 * done with it. It may be called again and again.
 */
SP_PUBLIC SP_MUST_USE bool sp_ask(struct sp_login *, const char *name,
    const char *instruction, struct sp_question *, size_t count);

/*
 * A text for the user, at once; in open() for shells on a terminal, and who
 * is not let in. False when it could not be shown: too long, or too many.
 */
SP_PUBLIC bool sp_tell(struct sp_login *, const char *text);

/*
 * Takes something away from the login that this acceptance is part of;
 * what several acceptances take away adds up. It counts if check() then
 * says yes to a proof and not to a probe, and else has no effect. False
 * where the key is unknown, the value impossible, or both contradict what
 * was said before: the yes is a refusal then, and the log says why.
 *
 * "pty", "user-rc", "agent-forwarding", "port-forwarding",
 * "x11-forwarding": "no". "command": what is run whatever is asked for.
 * "permitopen", "permitlisten": targets of forwarding, "host:port ...".
 * "tunnel": a number or "any". "session-time", "idle-time": milliseconds.
 * "from": a list as of sshd(8); "expiry": a time as of sshd(8)'s
 * expiry-time; "verify": "yes", an authenticator must have known the user.
 */
SP_PUBLIC bool
sp_login_restrict(struct sp_login *, const char *key, const char *value);

/*
 * A variable for programs; the same holds for it. Two values of one name
 * make the yes a refusal, and so do names by which only the daemon speaks.
 * In open() such a name is left out (false), and what there is stays.
 */
SP_PUBLIC bool
sp_login_set_env(struct sp_login *, const char *name, const char *value);

/*
 * An authenticator may have signed with nobody there. Without this call
 * somebody must have touched it.
 */
SP_PUBLIC void sp_login_allow_untouched(struct sp_login *);

/*
 * Adds all that the options of a key line take away or bring; environment
 * has patterns of the names that they may set, others are left out. False
 * when nothing was added, with a phrase in err: the line does not hold for
 * this client now, or cannot be kept. cert-authority and principals are
 * the caller's.
 */
struct sp_key_options;
SP_PUBLIC SP_MUST_USE bool
sp_login_take_options(struct sp_login *, const struct sp_key_options *,
    const struct sp_list *environment, char *err, size_t err_size);

/* What the functions of key.h compute with; the host's. */
struct sp_crypto;
SP_PUBLIC const struct sp_crypto *sp_login_crypto(struct sp_login *);

/*
 * Opens an absolute path for reading, with the rights of the user and not
 * of the daemon: the only way to open what a user could have named. It
 * must be a regular file that belongs to the user or root and that nobody
 * else may write, and so must each folder above it, up to the root. -1
 * with errno set; a file that is there but cannot be trusted was logged,
 * and errno is EPERM.
 */
SP_PUBLIC SP_MUST_USE int sp_login_open(struct sp_login *, const char *path);

/*
 * A SOCK_SEQPACKET to the group's service(), this login's alone, for all it
 * asks; non-blocking, the host's to close. -1: no service is there now. Not
 * in close(). What comes from there is from a process that could be taken
 * over: it can say yes, and must not be able to do more.
 */
SP_PUBLIC int sp_service_fd(struct sp_login *);

/*
 * In service(), which waits for its fd to be readable: the next login's
 * socket, non-blocking, to be closed when it hangs up. -1 with errno set:
 * EAGAIN, none now; ESHUTDOWN, none will come: fd is not to be waited for
 * any more, and when the last login has gone the service returns 0.
 * Logins are bounded; each is gone when its login_time is over.
 */
SP_PUBLIC SP_MUST_USE int sp_service_accept(int fd);

/* ---- handlers ---- */

/* A session channel. */
struct sp_chan;

/* What became of a program. */
struct sp_outcome {
	uint32_t size;
	bool has_ended; /* false: it was told to (SIGHUP), as the client left */
	bool is_late; /* it was ended when its time was over */
	uint32_t status; /* with which it exited, if no signal killed it */
	uint32_t signal; /* the number; 0: none */
	uint64_t time_ms; /* how long it ran */
	uint64_t bytes_in; /* from the client, that it took */
	uint64_t bytes_out; /* to the client, stderr with it */
	int error; /* errno, where it could not be run; 0: it ran */
};

enum sp_answer {
	SP_REFUSED = 0, /* the client is told that the request failed */
	SP_ACCEPTED = 1,
};

struct sp_handler_ops {
	uint32_t size;
	/*
	 * Name-list of the requests it can serve: "shell", "exec",
	 * "subsystem:NAME" for each; "scp" when it speaks scp's protocol
	 * itself; and "pty" when it looks at sp_chan_pty().
	 */
	const char *accepts;
	/* As in struct sp_auth_ops. */
	bool (*start)(const void *conf, char *err, size_t err_size);
	/*
	 * A channel asks for what = "shell" (arg: NULL), "exec" (the
	 * command, as the client sent it), "scp" (the same: one by which a
	 * client of scp begins) or "subsystem" (its name). A channel is
	 * served once.
	 */
	enum sp_answer (*request)(struct sp_chan *, const char *what,
	    const char *arg, const void *conf);
	/* "TERM", as RFC 4254 6.9 names them. NULL: signals are ignored. */
	void (*signal)(struct sp_chan *, const char *name);
	/* The client's window changed: sp_chan_pty() has the new size. */
	void (*resize)(struct sp_chan *);
	/* The last call for this channel. */
	void (*close)(struct sp_chan *);
	/*
	 * The program has ended, and so have its outputs; or the client
	 * has gone before. Once for each program, before close(). A
	 * handler that has it logs its runs itself (sp_chan_log_run()):
	 * the host does not then say that it started something.
	 */
	void (*ended)(struct sp_chan *, const struct sp_outcome *);
	/*
	 * A handler that has data() speaks on the channel itself, from
	 * SP_ACCEPTED on, unless it started a program or called
	 * sp_chan_exit() in request(). These three are for it.
	 *
	 * The client's bytes, borrowed for the call. Returns how many were
	 * taken: what is left is kept, and comes again, with what came
	 * behind it, when speak() was called next; meanwhile the client's
	 * window closes. Who can take nothing more without having spoken
	 * says so by taking less. Who waits for neither takes all, what is
	 * incomplete too, or hears no more of it.
	 */
	size_t (*data)(struct sp_chan *, struct sp_view);
	/*
	 * The only place to send something: called when the channel is
	 * his, after data() and eof(), after sp_chan_resume(), and when
	 * there is room for what was not sent for want of it.
	 */
	void (*speak)(struct sp_chan *);
	/* The client sends no more, and all of it was taken. */
	void (*eof)(struct sp_chan *);
	/*
	 * Whether it needs sp_chan_counters(): once, after start(). That a
	 * storage of its options does is enough. NULL: it does not.
	 */
	bool (*counts)(const void *conf);
};

/*
 * A fact about the session, borrowed; NULL where there is none. "user",
 * "home", "shell", "identity", "peer", "peer_port", "local",
 * "local_port", "listener", "profile". "original_command": what the client
 * asked for, where the command that is to be run is the profile's.
 * "greeting": the text to be shown where a shell starts on a terminal, told
 * in open(), or the last login; "motd": the file to be shown behind it.
 * "restrict.KEY": what the login's acceptances took away, see
 * sp_login_restrict(); of targets one list a line, each of which must have
 * what is asked for.
 * "handler": the name of the handler's group in the configuration.
 */
SP_PUBLIC const char *sp_chan_get(struct sp_chan *, const char *key);

/*
 * SP_COUNTERS numbers that all sessions of the identity share: the same for
 * the same key, whoever asks, and zero for the first. They last for as long
 * as any such session does, over reloads and restarts, and are forgotten with
 * the last. Only by atomic operations (__atomic_fetch_add). What they say is
 * as good as the user's own processes: one that was taken over may have
 * written anything. NULL where neither the handler nor its storage counts(),
 * or where there is no room: then the request must be refused.
 */
enum { SP_COUNTERS = 7 };
SP_PUBLIC uint64_t *
sp_chan_counters(struct sp_chan *, const void *key, size_t len);

/*
 * The variables the client set on this channel and the profile lets
 * through, as "NAME=value"; ends with NULL. Borrowed.
 */
SP_PUBLIC const char *const *sp_chan_env(struct sp_chan *);

/* The same for those that the login brought: sp_login_set_env(). */
SP_PUBLIC const char *const *sp_chan_login_env(struct sp_chan *);

/* A terminal mode of RFC 4254 section 8. */
struct sp_pty_mode {
	uint8_t opcode;
	uint32_t value;
};

/* The terminal that a client asks for. */
struct sp_pty {
	uint32_t size;
	const char *term; /* "xterm-256color" */
	uint32_t columns, rows; /* characters; 0: unknown */
	uint32_t width, height; /* pixels; 0: unknown */
	const struct sp_pty_mode *modes;
	size_t mode_count;
};

/* NULL when the client asked for none. Borrowed. */
SP_PUBLIC const struct sp_pty *sp_chan_pty(struct sp_chan *);

/* Memory of the module's own: zeroed at first, freed after close(). */
SP_PUBLIC void *sp_chan_state(struct sp_chan *, size_t size);

/* More of it, a new piece at each call; never NULL. */
SP_PUBLIC void *sp_chan_alloc(struct sp_chan *, size_t size);

/*
 * The words of a command line, as a shell would find them, with a NULL
 * behind; until close(). NULL where there is none, and where only a shell
 * could say: variables, substitutions, patterns, redirections, ";", "&",
 * "|", "~", an assignment in front, open quotes, control characters.
 */
SP_PUBLIC const char *const *sp_argv(struct sp_chan *, const char *command);

/*
 * Whether all words (NULL behind) fit the patterns, one each; "**" fits
 * any number of words. In time that grows with the product of both.
 */
SP_PUBLIC bool
sp_match_words(const struct sp_list *patterns, const char *const *words);

/* Whether one of the patterns fits the text. */
SP_PUBLIC bool sp_match_any(const struct sp_list *patterns, const char *text);

/*
 * The text with %u, %i, %h, %n, %% and, where there are words, %1 to %9
 * (words[1] to words[9]) replaced; until close(). NULL when a value may
 * not be put in: see sp_login_expand().
 */
SP_PUBLIC const char *
sp_chan_expand(struct sp_chan *, const char *text, const char *const *words);

/*
 * An environment: these variables ("NAME=value", NULL behind), then, if
 * wanted, those of sp_chan_login_env(), then PATH, HOME, USER, LOGNAME,
 * SSH_CLIENT, SSH_CONNECTION and SALLYPORT_IDENTITY, then, if wanted, those
 * of sp_chan_env(). The first of a name holds. Until close().
 */
SP_PUBLIC const char *const *sp_chan_make_env(
    struct sp_chan *, const char *const *variables, bool with_clients);

/*
 * Sends text to the client, ahead of what a program writes. type: 0 data,
 * 1 stderr. The host keeps a copy; false past 64 KiB that wait.
 */
SP_PUBLIC bool
sp_chan_write(struct sp_chan *, uint32_t type, const void *, size_t len);

/*
 * In speak(): room for at most want bytes in packets being built, in up to
 * *count parts (8 are enough for any). What it returns is how much there
 * is; less where the client takes no more now, and then 0. Fill it from
 * the front and commit what is filled, with no other call that takes the
 * channel in between. After less than was wanted, speak() is called when
 * there is more.
 */
SP_PUBLIC SP_MUST_USE size_t sp_chan_reserve(
    struct sp_chan *, size_t want, struct iovec *parts, size_t *count);
SP_PUBLIC void sp_chan_commit(struct sp_chan *, size_t len);

/*
 * In speak(): copies what there is room for now and returns how much; when
 * there is more room, speak() is called.
 */
SP_PUBLIC SP_MUST_USE size_t sp_chan_send(
    struct sp_chan *, const void *, size_t len);

/*
 * The loop of libevent's that the session runs on, for who waits for a
 * descriptor or a time. What is put there is off it before close() or
 * detach() returns.
 */
struct event_base;
SP_PUBLIC struct event_base *sp_chan_base(struct sp_chan *);

/* Has speak(), and data() for what waits, called from the loop, soon. */
SP_PUBLIC void sp_chan_resume(struct sp_chan *);

/* A program to be started. */
struct sp_program {
	uint32_t size;
	const char *path; /* absolute */
	const char *const *argv; /* ends with NULL */
	const char *const *env; /* ends with NULL */
	/* Where it starts; if that fails in "/", which stderr says. */
	const char *cwd;
	/*
	 * Both ends of a pseudo-terminal, or two times -1 for pipes. On
	 * success they are the host's, which closes them after close().
	 */
	int terminal, terminal_slave;
	const struct sp_limits *limits; /* NULL: none */
	bool needs_cwd; /* without its cwd it is not started */
	/*
	 * A descriptor of the folder where it starts, instead of cwd; stays
	 * the caller's. 0: none.
	 */
	int folder;
	/* What stderr says where it cannot be run; NULL: its path and why. */
	const char *excuse;
	/* Before it runs its stdout says this, unless that file is there. */
	const char *greeting, *hushed_by; /* or NULL */
};

/*
 * Starts a program in a session of its own. Its output goes to the client
 * and the client's data to its input; the channel ends with its exit
 * status or signal once all output is sent. A channel has one program.
 * False with errno set. Its folder and its file are looked for meanwhile, as
 * that may take long: one that then cannot be run exits with 126, which the
 * log says (program_failed).
 */
SP_PUBLIC SP_MUST_USE bool
sp_chan_start(struct sp_chan *, const struct sp_program *);

/* A program that is run beside the channel: the client sees nothing of it. */
struct sp_siderun {
	uint32_t size;
	/*
	 * Without a terminal; it reads nothing, and what it writes is lost.
	 * A limit of its time there must be, by it or by the profile.
	 */
	const struct sp_program *program;
	/* For its line of the log, when it has ended: "upload", "/in/x". */
	const char *event, *path;
	/* How it ended: once, from the loop, unless it was left. Or NULL. */
	void (*ended)(void *arg, const struct sp_outcome *);
	void *arg;
	/*
	 * Where as many run as may, it is started when one of them has ended;
	 * its time begins then. All that is given is copied. A program that
	 * cannot be started then has not ended, by its outcome.
	 */
	bool may_wait;
};

/*
 * Starts it, as sp_chan_start() would; a session has 64 of them at once, and
 * 1024 that wait. NULL with errno set (EAGAIN: there are so many). It outlives
 * the channel.
 */
struct sp_run;
SP_PUBLIC SP_MUST_USE struct sp_run *
sp_chan_run(struct sp_chan *, const struct sp_siderun *);

/*
 * Keeps places among those that wait, for programs that must be run later
 * whatever comes; false where there are not so many. Who has given back his
 * places finds as many for programs that may wait.
 */
SP_PUBLIC SP_MUST_USE bool sp_chan_keep_places(struct sp_chan *, size_t count);
SP_PUBLIC void sp_chan_give_back_places(struct sp_chan *, size_t count);

/*
 * Nobody waits for it any more: for who was not told of its end when his
 * channel is closed. One that is not wanted is told to end, and ended.
 */
SP_PUBLIC void sp_run_leave(struct sp_run *, bool is_wanted);

/* Sends the program's processes a signal ("TERM"); others are ignored. */
SP_PUBLIC void sp_chan_kill(struct sp_chan *, const char *name);

/*
 * Without a program: ends the channel with an exit status, after what was
 * written or sent.
 */
SP_PUBLIC void sp_chan_exit(struct sp_chan *, uint32_t status);

/*
 * The one line of a request in the log: what became of it (command_ran),
 * or why nothing was started (command_refused).
 */
SP_PUBLIC void sp_chan_log_run(
    struct sp_chan *, const char *command, const struct sp_outcome *);
SP_PUBLIC void
sp_chan_log_refusal(struct sp_chan *, const char *command, const char *reason);

/* A line in the log: file_uploaded or file_downloaded. */
struct sp_transfer {
	uint32_t size;
	bool is_upload;
	const char *path; /* as the client sees it */
	uint64_t bytes, time_ms;
	const char *reason; /* why it is not whole; NULL: it is */
};
SP_PUBLIC void
sp_chan_log_transfer(struct sp_chan *, const struct sp_transfer *);

/* ---- both ---- */

/*
 * Opens a path below a folder, and nothing beside it: no "..", no link that
 * leads out. flags as of open(2), without O_CREAT, and O_PATH for folders
 * (O_DIRECTORY) alone. -1 with errno set; EXDEV: it would lead out.
 */
SP_PUBLIC SP_MUST_USE int
sp_open_beneath(int folder, const char *path, int flags);

/*
 * Whether a program may be relied on: an absolute path to a regular file
 * that can be executed, belongs to root or to who runs the daemon, and may
 * be written by nobody else, and so the folders above it. False with a
 * sentence. For start().
 */
SP_PUBLIC SP_MUST_USE bool
sp_check_program(const char *path, char *err, size_t err_size);

/*
 * Opens a file that is trusted as the configuration is: an absolute path
 * to a regular file of root's or of who runs the daemon, that nobody else
 * may write, and so the folders above it and links on the way. -1 with a
 * sentence.
 */
SP_PUBLIC SP_MUST_USE int
sp_open_trusted(const char *path, char *err, size_t err_size);

/* True when two strings are equal; time does not tell where they differ. */
SP_PUBLIC bool sp_equal(const char *, const char *);

/*
 * Logs a line. priority as in syslog.h. The event is a stable name
 * ("key_options"), the text says what, where, and what to do.
 */
SP_PUBLIC void sp_log(int priority, const char *event, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* ---- the one exported symbol ---- */

enum sp_kind {
	SP_KIND_END = 0,
	SP_KIND_AUTH = 1, /* ops is a struct sp_auth_ops */
	SP_KIND_HANDLER = 2, /* ops is a struct sp_handler_ops */
	SP_KIND_STORAGE = 3, /* ops is a struct sp_storage_ops, of storage.h */
};

struct sp_ops {
	uint32_t kind; /* enum sp_kind */
	const void *ops;
};

struct sp_module {
	uint32_t magic; /* SP_MODULE_MAGIC: the first four bytes, always */
	uint16_t abi_major, abi_minor;
	uint32_t size; /* of this struct */
	uint32_t opt_size; /* of struct sp_opt */
	const char *name; /* that of the file, without ".so" */
	const char *version;
	const char *summary; /* one line */
	size_t conf_size; /* of the struct that the options fill */
	const struct sp_opt *opts; /* ends with a row without name */
	const struct sp_ops *ops; /* ends with SP_KIND_END */
};

/* The rest of the arguments: { SP_KIND_..., &ops } of each kind. */
#define SP_MODULE(name, version, summary, conf, opts, ...) \
	SP_PUBLIC extern const struct sp_module sp_module; \
	const struct sp_module sp_module = { SP_MODULE_MAGIC, SP_ABI_MAJOR, \
		SP_ABI_MINOR, sizeof(struct sp_module), sizeof(struct sp_opt), \
		name, version, summary, sizeof(conf), opts, \
		(const struct sp_ops[]){ \
		    __VA_ARGS__, { SP_KIND_END, NULL } } }

#ifdef __cplusplus
}
#endif

#endif
