/* Penalties, as they are configured. */
#include "daemon/config/penalties.h"

#include "daemon/config/field.h"
#include "daemon/config/table.h"

struct penalty_settings
penalties_resolve(struct schema_reader *reader,
    const struct table_penalties *from, const struct tree_node *at)
{
	const struct penalty_settings penalties = {
		.are_on = from->mode == 0,
		.crash = from->crash,
		.authfail = from->authfail,
		.noauth = from->noauth,
		.grace_exceeded = from->grace_exceeded,
		.min = from->min,
		.max = from->max,
		.max_known = from->max_known,
		.known_time = from->known_time,
		.exempt = from->exempt,
	};

	if (from->max != 0 && from->min > from->max)
		schema_complain(reader, at,
		    "min is more than max, so that no source would ever be "
		    "refused: lower min, or say penalties = \"off\"");
	return penalties;
}

bool
penalties_are_for(const struct penalty_settings *penalties,
    const struct cidr_address *address)
{
	if (!penalties->are_on)
		return false;
	for (size_t i = 0; i < penalties->exempt.count; i++)
		if (cidr_contains(&penalties->exempt.items[i], address))
			return false;
	return true;
}

/* ---- in projections ---- */

void
penalties_write(struct writer *w, const struct penalty_settings *p)
{
	const uint64_t times[] = { p->crash, p->authfail, p->noauth,
		p->grace_exceeded, p->min, p->max, p->max_known,
		p->known_time };

	writer_bool(w, p->are_on);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		writer_u64(w, times[i]);
	field_write_cidrs(w, &p->exempt);
}

struct penalty_settings
penalties_read(struct reader *r, struct arena *arena)
{
	struct penalty_settings read;

	read.are_on = reader_bool(r);
	read.crash = reader_u64(r);
	read.authfail = reader_u64(r);
	read.noauth = reader_u64(r);
	read.grace_exceeded = reader_u64(r);
	read.min = reader_u64(r);
	read.max = reader_u64(r);
	read.max_known = reader_u64(r);
	read.known_time = reader_u64(r);
	read.exempt = field_read_cidrs(r, arena);
	return read;
}
