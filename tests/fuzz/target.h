/* The one function of a fuzz target, as libFuzzer calls it. */
#ifndef SP_TESTS_FUZZ_TARGET_H
#define SP_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input; holds the program when it does not. */
#define TARGET_ASSERT(condition) \
	do { \
		if (!(condition)) \
			__builtin_trap(); \
	} while (0)

#endif
