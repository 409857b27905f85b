/*
 * A table of used tickets: open addressing, made anew without the expired
 * ones when half full. It lies in a mapping of its own that a fork leaves
 * behind, so that logins neither pay for it nor see it. It is what this
 * process has read of the daybook so far.
 */
#include "daemon/login/spent.h"

#include "lib/wire/view.h"

#include <assert.h>
#include <sys/mman.h>

enum { FIRST_ROW_COUNT = 1024 };

struct spent_row {
	uint8_t id[SPENT_ID_LEN];
	uint64_t expiry; /* 0: the row is free */
};

void
spent_init(struct spent *s, size_t row_max)
{
	*s = (struct spent){ .max = row_max };
}

static void
unmap_rows(const struct spent *s)
{
	if (s->rows != NULL)
		munmap(s->rows, s->row_count * sizeof *s->rows);
}

void
spent_clear(struct spent *s)
{
	unmap_rows(s);
	daybook_close(&s->daybook);
	spent_init(s, s->max);
}

bool
spent_share(struct spent *s, int daybook)
{
	daybook_close(&s->daybook);
	return daybook_open(&s->daybook, daybook);
}

/* The row of an id, or the free one where it would be. */
static struct spent_row *
find(const struct spent *s, const uint8_t id[SPENT_ID_LEN])
{
	size_t place;

	/* An exchange hash is as random as any hash of it would be. */
	memcpy(&place, id, sizeof place);
	for (;; place++) {
		struct spent_row *row = &s->rows[place & (s->row_count - 1)];

		if (row->expiry == 0 || memcmp(row->id, id, SPENT_ID_LEN) == 0)
			return row;
	}
}

static size_t
count_live(const struct spent *s, uint64_t now)
{
	size_t live = 0;

	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].expiry > now)
			live++;
	}
	return live;
}

static bool
map_rows(struct spent *s, size_t row_count)
{
	size_t size = row_count * sizeof *s->rows;
	void *rows = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (rows == MAP_FAILED)
		return false;
	if (madvise(rows, size, MADV_DONTFORK) != 0) {
		munmap(rows, size);
		return false;
	}
	s->rows = rows;
	s->row_count = row_count;
	s->used = 0;
	return true;
}

/* Makes room for one more: drops what has expired, grows if need be. */
static bool
make_room(struct spent *s, uint64_t now)
{
	struct spent old = *s;
	size_t live = count_live(&old, now);
	size_t row_count = FIRST_ROW_COUNT;

	/* After it at most a quarter is used: the next time is far away. */
	while (row_count / 4 <= live && row_count < s->max)
		row_count *= 2;
	if (row_count / 2 <= live || !map_rows(s, row_count)) {
		*s = old;
		return false;
	}
	for (size_t i = 0; i < old.row_count; i++) {
		if (old.rows[i].expiry <= now)
			continue;
		*find(s, old.rows[i].id) = old.rows[i];
		s->used++;
	}
	unmap_rows(&old);
	return true;
}

static bool
has_room(struct spent *s, uint64_t now)
{
	return s->used < s->row_count / 2 || make_room(s, now);
}

/* There must be room. True where it was not there before. */
static bool
insert(struct spent *s, const struct daybook_entry *entry)
{
	struct spent_row *row = find(s, entry->id);

	if (row->expiry != 0) {
		if (row->expiry < entry->expiry)
			row->expiry = entry->expiry;
		return false;
	}
	memcpy(row->id, entry->id, SPENT_ID_LEN);
	row->expiry = entry->expiry;
	s->used++;
	return true;
}

/* What others took meanwhile is taken; false when that finds no room. */
static bool
catch_up(struct spent *s, uint64_t now)
{
	struct daybook_entry entry;

	while (daybook_peek(&s->daybook, &entry)) {
		if (entry.expiry > now) {
			if (!has_room(s, now))
				return false;
			/* One that is known already is no reason to stop. */
			insert(s, &entry);
		}
		daybook_advance(&s->daybook);
	}
	return true;
}

bool
spent_take(struct spent *s, struct sp_view hash, uint64_t expiry, uint64_t now)
{
	struct daybook_entry entry = { .expiry = expiry };
	bool is_taken;

	assert(hash.len >= SPENT_ID_LEN);
	memcpy(entry.id, hash.data, SPENT_ID_LEN);
	if (expiry <= now || !daybook_lock(&s->daybook))
		return false;
	is_taken = catch_up(s, now) && has_room(s, now) && insert(s, &entry) &&
	    daybook_write(&s->daybook, &entry, now);
	daybook_unlock(&s->daybook);
	return is_taken;
}
