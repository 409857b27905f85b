/*
 * What a program may use, as handlers of module.h say it and have it from
 * their options.
 */
#ifndef SALLYPORT_RESTRAINT_H
#define SALLYPORT_RESTRAINT_H

#include <stddef.h>
#include <stdint.h>

/*
 * 0: no limit of this kind. The host's own and the account's limits hold as
 * well: of each the tighter.
 */
struct sp_limits {
	uint32_t size;
	uint64_t cpu_ms; /* computing, of each process; seconds begun count */
	uint64_t memory; /* bytes of addresses, of each process */
	uint64_t processes; /* of the account, all it runs counted */
	uint64_t files; /* open at once, of each process */
	/*
	 * From start to end: then its group of processes is told to end
	 * (SIGTERM), and ended (SIGKILL) when it has had as long again, or
	 * five seconds.
	 */
	uint64_t time_ms;
};

/*
 * The rows of a group of options that fills a struct sp_limits, in a file that
 * includes module.h.
 */
#define SP_LIMIT_ROWS \
	{ .name = "cpu", \
		.help = "computing of each process; 0: no limit", \
		.type = SP_O_TIME, \
		.offset = offsetof(struct sp_limits, cpu_ms), \
		.dflt = "0" }, \
	    { .name = "memory", \
		    .help = "addresses of each process; 0: no limit", \
		    .type = SP_O_SIZE, \
		    .offset = offsetof(struct sp_limits, memory), \
		    .dflt = "0" }, \
	    { .name = "processes", \
		    .help = "processes of the account; 0: no limit", \
		    .type = SP_O_INT, \
		    .offset = offsetof(struct sp_limits, processes), \
		    .dflt = "0", \
		    .max = 1000000 }, \
	    { .name = "files", \
		    .help = "open files of each process; 0: no limit", \
		    .type = SP_O_INT, \
		    .offset = offsetof(struct sp_limits, files), \
		    .dflt = "0", \
		    .max = 1000000 }, \
	{ \
		.name = "time", .help = "from start to end; 0: no limit", \
		.type = SP_O_TIME, \
		.offset = offsetof(struct sp_limits, time_ms), .dflt = "0" \
	}

#endif
