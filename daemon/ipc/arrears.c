/*
 * Rows of three words in a memfd. Each word changes at once, and a row in an
 * order that never shows one source with what another owes: whoever is
 * killed while he writes leaves a row that is whole, or free.
 */
#include "daemon/ipc/arrears.h"

#include "lib/crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Else a word would be guarded by a lock, which is not shared. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of 64 bits are atomic");

/* The last two are 0 where the row is free. */
struct row {
	_Atomic uint64_t source; /* of its family: an address, or a /64 */
	_Atomic uint64_t state; /* until, cause, enforced */
	_Atomic uint64_t known_until;
};

enum { V4, V6, FAMILIES };

struct arrears_pages {
	uint64_t seed; /* so that nobody can choose sources that collide */
	_Atomic uint64_t writer; /* the last that opened them to write */
	struct row rows[FAMILIES][ARREARS_SETS][ARREARS_WAYS];
};

enum { UNTIL_SHIFT = 8, CAUSE_SHIFT = 1, CAUSE_MASK = 0x7f, ENFORCED = 1 };

static uint64_t
pack(const struct arrears_account *account)
{
	return account->until << UNTIL_SHIFT |
	    (uint64_t)account->cause << CAUSE_SHIFT |
	    (account->is_enforced ? ENFORCED : 0);
}

static struct arrears_account
unpack(uint64_t state, uint64_t known_until)
{
	unsigned cause = (unsigned)(state >> CAUSE_SHIFT) & CAUSE_MASK;

	return (struct arrears_account){
		.until = state >> UNTIL_SHIFT,
		.known_until = known_until,
		.is_enforced = (state & ENFORCED) != 0,
		.cause = cause < CONDUCT_KINDS ? (enum conduct_kind)cause
					       : CONDUCT_NONE,
	};
}

/* ---- making and opening ---- */

/* Nobody can take pages away from under who has mapped them. */
static bool
fill(int fd)
{
	uint64_t seed;

	return random_bytes((uint8_t *)&seed, sizeof seed) == SP_OK &&
	    ftruncate(fd, sizeof(struct arrears_pages)) == 0 &&
	    pwrite(fd, &seed, sizeof seed,
		offsetof(struct arrears_pages, seed)) == sizeof seed &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
	    0;
}

bool
arrears_make(int *whole, int *view)
{
	int fd = memfd_create("arrears", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[64];
	int reader, saved;

	if (fd < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	reader = fill(fd) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (reader >= 0) {
		*whole = fd;
		*view = reader;
		return true;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return false;
}

bool
arrears_open(struct arrears *a, int fd, bool writes)
{
	const int protection = writes ? PROT_READ | PROT_WRITE : PROT_READ;
	const size_t size = sizeof(struct arrears_pages);
	void *pages;

	arrears_close(a);
	/* Who is confined cannot ask how large a file is. */
	pages = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return false;
	if (madvise(pages, size, MADV_DONTFORK) != 0) {
		munmap(pages, size);
		return false;
	}
	close(fd);
	a->pages = pages;
	if (writes)
		a->writer = atomic_fetch_add(&a->pages->writer, 1) + 1;
	return true;
}

void
arrears_close(struct arrears *a)
{
	if (a->pages != NULL)
		munmap(a->pages, sizeof *a->pages);
	*a = (struct arrears){ NULL, 0 };
}

/* ---- looking ---- */

/* The finalizer of MurmurHash3: every bit depends on every other. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

/* Where a source may stand; its word in *source. */
static struct row *
set_of(const struct arrears *a, const uint8_t address[CONDUCT_ADDRESS_LEN],
    uint64_t *source)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
	uint64_t hash;

	*source = 0;
	if (is_v4)
		memcpy(source, address + sizeof mapped, 4);
	else
		memcpy(source, address, sizeof *source);
	hash = mix(mix(a->pages->seed ^ *source) + a->pages->seed);
	return a->pages->rows[is_v4 ? V4 : V6][hash & (ARREARS_SETS - 1)];
}

/* Nobody is kept waiting by a ledger that writes without end. */
enum { LOOKS_MAX = 16 };

/*
 * A row that is the same before and after its source was looked at was that
 * source's: it is set free before it is given to another.
 */
static bool
read_row(struct row *row, uint64_t source, struct arrears_account *account)
{
	uint64_t state, known_until;
	unsigned looks = 0;

	do {
		state = atomic_load(&row->state);
		known_until = atomic_load(&row->known_until);
		if (atomic_load(&row->source) != source)
			return false;
	} while (++looks < LOOKS_MAX &&
	    (atomic_load(&row->state) != state ||
		atomic_load(&row->known_until) != known_until));
	*account = unpack(state, known_until);
	return state != 0 || known_until != 0;
}

struct arrears_account
arrears_find(
    const struct arrears *a, const uint8_t address[CONDUCT_ADDRESS_LEN])
{
	struct arrears_account account;
	uint64_t source;
	struct row *set;

	if (a->pages == NULL)
		return (struct arrears_account){ 0 };
	set = set_of(a, address, &source);
	for (size_t i = 0; i < ARREARS_WAYS; i++) {
		if (read_row(&set[i], source, &account))
			return account;
	}
	return (struct arrears_account){ 0 };
}

/* ---- writing ---- */

static bool
may_write(const struct arrears *a)
{
	return a->pages != NULL && a->writer != 0 &&
	    atomic_load(&a->pages->writer) == a->writer;
}

static uint64_t
rest(uint64_t time, uint64_t now)
{
	return time > now ? time - now : 0;
}

/* Of two rows, whether the first can better be spared. */
static bool
is_lesser(struct row *row, struct row *other, uint64_t now)
{
	uint64_t a = rest(atomic_load(&row->state) >> UNTIL_SHIFT, now);
	uint64_t b = rest(atomic_load(&other->state) >> UNTIL_SHIFT, now);

	if (a != b)
		return a < b;
	return rest(atomic_load(&row->known_until), now) <
	    rest(atomic_load(&other->known_until), now);
}

static bool
is_live(struct row *row, uint64_t now)
{
	return rest(atomic_load(&row->state) >> UNTIL_SHIFT, now) > 0 ||
	    rest(atomic_load(&row->known_until), now) > 0;
}

/* The row of a source, or the one that can best be spared for it. */
static struct row *
choose(struct row *set, uint64_t source, uint64_t now)
{
	struct arrears_account unused;
	struct row *spare = &set[0];

	for (size_t i = 0; i < ARREARS_WAYS; i++) {
		if (read_row(&set[i], source, &unused))
			return &set[i];
		if (is_lesser(&set[i], spare, now))
			spare = &set[i];
	}
	return spare;
}

enum arrears_outcome
arrears_keep(struct arrears *a, const uint8_t address[CONDUCT_ADDRESS_LEN],
    const struct arrears_account *account, uint64_t now)
{
	enum arrears_outcome outcome = ARREARS_KEPT;
	uint64_t source;
	struct row *row;

	if (!may_write(a))
		return ARREARS_REFUSED;
	row = set_of(a, address, &source);
	row = choose(row, source, now);
	if (atomic_load(&row->source) != source) {
		if (is_live(row, now))
			outcome = ARREARS_CROWDED;
		atomic_store(&row->state, 0);
		atomic_store(&row->known_until, 0);
		atomic_store(&row->source, source);
	}
	atomic_store(&row->known_until, account->known_until);
	atomic_store(&row->state, pack(account));
	return outcome;
}

static void
limit_row(struct row *row, uint64_t now, uint64_t most, uint64_t known_most)
{
	struct arrears_account account =
	    unpack(atomic_load(&row->state), atomic_load(&row->known_until));

	if (rest(account.known_until, now) > known_most)
		atomic_store(&row->known_until, now + known_most);
	if (rest(account.until, now) <= most)
		return;
	account.until = now + most;
	atomic_store(&row->state, pack(&account));
}

void
arrears_limit(
    struct arrears *a, uint64_t now, uint64_t most, uint64_t known_most)
{
	/* Where nobody has written, the pages need not be touched. */
	if (!may_write(a) || a->writer == 1)
		return;
	for (size_t family = 0; family < FAMILIES; family++)
		for (size_t set = 0; set < ARREARS_SETS; set++)
			for (size_t i = 0; i < ARREARS_WAYS; i++)
				limit_row(&a->pages->rows[family][set][i], now,
				    most, known_most);
}
