/*
 * Runs a fuzz target without libFuzzer, as an ordinary test: each file of
 * its corpus, truncations of the small ones for half a second, and some
 * thousand mutations, the same in each run, for as long. With arguments,
 * just the files they name. An input that ends the process is left in a
 * file crash-TARGET in the working directory.
 */
#include "tests/fuzz/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SEEDS_MAX = 512,
	INPUT_MAX = 128 * 1024,
	TRUNCATE_BELOW = 1024,
	MUTATIONS = 5000,
	CHANGES_MAX = 8,
};

struct input {
	uint8_t *data;
	size_t size;
};

static struct input seeds[SEEDS_MAX];
static size_t n_seeds;

static struct input current;
static char crash_path[PATH_MAX];

static void
save_current(void)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	if (write(fd, current.data, current.size) < 0)
		(void)!write(2, "standalone: no room for the input\n", 34);
	close(fd);
}

static void
on_crash(int number)
{
	save_current();
	signal(number, SIG_DFL);
	raise(number);
}

/* AddressSanitizer ends the process itself; it is there in its builds only. */
void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

static void
watch_for_crashes(const char *target)
{
	static const int numbers[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
		SIGTRAP };

	snprintf(crash_path, sizeof crash_path, "crash-%s", target);
	if (__sanitizer_set_death_callback != NULL) {
		__sanitizer_set_death_callback(save_current);
		return;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		signal(numbers[i], on_crash);
}

/* In memory of just its size, where a sanitizer sees the byte past it. */
static void
run(const uint8_t *data, size_t size)
{
	current.data = malloc(size == 0 ? 1 : size);
	current.size = size;
	if (current.data == NULL)
		abort();
	if (size > 0)
		memcpy(current.data, data, size);
	LLVMFuzzerTestOneInput(current.data, size);
	free(current.data);
	current = (struct input){ 0 };
}

static struct input
read_input(const char *path)
{
	struct input input = { malloc(INPUT_MAX), 0 };
	FILE *file = fopen(path, "rb");

	if (file == NULL || input.data == NULL) {
		fprintf(stderr, "standalone: cannot read %s: %s\n", path,
		    strerror(errno));
		exit(1);
	}
	input.size = fread(input.data, 1, INPUT_MAX, file);
	fclose(file);
	return input;
}

/* Sorted, so that every run and every file system mutates alike. */
static void
read_corpus(const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);

	if (n < 0) {
		fprintf(stderr, "standalone: no corpus in %s: %s\n", folder,
		    strerror(errno));
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX + NAME_MAX + 2];

		snprintf(
		    path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && n_seeds < SEEDS_MAX)
			seeds[n_seeds++] = read_input(path);
		free(entries[i]);
	}
	free(entries);
}

static uint32_t
next_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static size_t
random_below(size_t limit)
{
	return limit == 0 ? 0 : next_random() % limit;
}

/* One small change; numbers near the edges are likelier than others. */
static size_t
change(uint8_t *data, size_t size)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = random_below(size);
	size_t n = 1 + random_below(16);

	if (size == 0)
		return 0;
	switch (next_random() % 6) {
	case 0:
		data[at] ^= (uint8_t)(1U << next_random() % 8);
		return size;
	case 1:
		data[at] = edges[next_random() % sizeof edges];
		return size;
	case 2:
		data[at] = (uint8_t)next_random();
		return size;
	case 3: /* cut */
		return at;
	case 4: /* take out */
		n = n > size - at ? size - at : n;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	default: /* say twice */
		n = n > size - at ? size - at : n;
		if (size + n > INPUT_MAX)
			return size;
		memmove(data + at + n, data + at, size - at);
		return size + n;
	}
}

static void
run_mutation(uint8_t *room)
{
	const struct input *seed = &seeds[random_below(n_seeds)];
	const struct input *other = &seeds[random_below(n_seeds)];
	size_t size = seed->size;

	memcpy(room, seed->data, size);
	if (next_random() % 8 == 0) {
		size_t cut = random_below(size);
		size_t from = random_below(other->size);

		size = cut + other->size - from;
		if (size > INPUT_MAX)
			size = INPUT_MAX;
		memcpy(room + cut, other->data + from, size - cut);
	}
	for (size_t n = 1 + random_below(CHANGES_MAX); n > 0; n--)
		size = change(room, size);
	run(room, size);
}

/* Since it was first asked. */
static bool
is_over(long milliseconds)
{
	static struct timespec start;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (start.tv_sec == 0)
		start = now;
	return (now.tv_sec - start.tv_sec) * 1000 +
	    (now.tv_nsec - start.tv_nsec) / 1000000 >=
	    milliseconds;
}

static void
run_all(void)
{
	uint8_t *room = malloc(INPUT_MAX);
	unsigned mutations = 0;

	if (room == NULL)
		abort();
	run(NULL, 0);
	for (size_t i = 0; i < n_seeds; i++)
		run(seeds[i].data, seeds[i].size);
	for (size_t i = 0; i < n_seeds; i++)
		for (size_t size = 0; size < seeds[i].size &&
		     size < TRUNCATE_BELOW && !is_over(500);
		     size++)
			run(seeds[i].data, size);
	while (n_seeds > 0 && mutations < MUTATIONS && !is_over(1000)) {
		run_mutation(room);
		mutations++;
	}
	printf("%zu inputs, %u mutations\n", n_seeds, mutations);
	free(room);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *target = slash == NULL ? argv[0] : slash + 1;
	const char *top = getenv("srcdir");
	char folder[PATH_MAX];

	watch_for_crashes(target);
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s",
	    top == NULL ? "." : top, target);
	if (argc == 1)
		read_corpus(folder);
	for (int i = 1; i < argc && n_seeds < SEEDS_MAX; i++)
		seeds[n_seeds++] = read_input(argv[i]);
	if (argc == 1)
		run_all();
	for (size_t i = 0; i < n_seeds; i++) {
		if (argc > 1)
			run(seeds[i].data, seeds[i].size);
		free(seeds[i].data);
	}
	return 0;
}
