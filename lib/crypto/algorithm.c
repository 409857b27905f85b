/* Walks tables of algorithms. */
#include "lib/crypto/algorithm.h"

bool
algorithm_is_known(algorithm_row *row, struct sp_view name)
{
	enum algorithm_set set;
	const char *each;

	for (size_t i = 0; (each = row(i, &set)) != NULL; i++)
		if (view_equal_string(name, each))
			return true;
	return false;
}

enum sp_status
algorithm_names(
    algorithm_row *row, enum algorithm_set wanted, struct buffer *names)
{
	enum sp_status status = SP_OK;
	const char *separator = "";
	enum algorithm_set set;
	const char *each;

	for (size_t i = 0; (each = row(i, &set)) != NULL; i++) {
		if (set < wanted)
			continue;
		status = buffer_append(names, view_of_string(separator));
		if (status == SP_OK)
			status = buffer_append(names, view_of_string(each));
		if (status != SP_OK)
			return status;
		separator = ",";
	}
	return SP_OK;
}
