/* The struct that the sample module's options fill. */
#ifndef SP_TEST_SAMPLE_H
#define SP_TEST_SAMPLE_H

#include <sallyport/module.h>

struct sample_inner {
	struct sp_list match;
	uint64_t time;
};

struct sample {
	const char *text;
	bool flag;
	int64_t number;
	uint64_t bytes;
	uint64_t time;
	uint64_t rate;
	unsigned mode;
	const char *path;
	unsigned colour;
	struct sp_list list;
	struct sp_list paths;
	struct sp_list patterns;
	struct sp_list who;
	const char *greeting;
	struct sp_list argv;
	struct sp_list env;
	struct sample_inner group;
	struct sp_groups groups;
};

#endif
