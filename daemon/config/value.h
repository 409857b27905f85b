/* One value of a setting, from text to its C type, by the setting's row. */
#ifndef SP_CONFIG_VALUE_H
#define SP_CONFIG_VALUE_H

#include "daemon/config/schema.h"
#include "daemon/config/unit.h"

bool value_is_list(const struct schema_row *);
/* True for the types that hold other settings. */
bool value_is_compound(const struct schema_row *);

/*
 * Converts a scalar, or the members of a list, and stores it in the field
 * (NULL: only checks). NULL when all went well, else what is wrong, as in
 * "is ...".
 */
const char *value_set(
    struct arena *, const struct schema_row *, const char *text, void *field);
const char *value_set_list(struct arena *, const struct schema_row *,
    struct string_list members, void *field);

/* The member at a place of a list, as value_set_list() would check it. */
const char *
value_member_problem(const struct schema_row *, const char *text, size_t place);
/* Whether a list has too few members, or too many. */
const char *value_count_problem(const struct schema_row *, size_t count);
/* What a truth value is in a list of patterns: all, or none. */
struct string_list value_of_truth(bool);

/* What the row takes: "a duration (\"30s\") from 1s to 10m". */
enum { VALUE_EXPECTED_SIZE = 320 };
void value_expected(const struct schema_row *, char text[VALUE_EXPECTED_SIZE]);

/* An end of the row's range, as it would be written. */
void value_format_bound(
    const struct schema_row *, long long bound, char text[UNIT_TEXT_SIZE]);

/* What the manual calls the type: "duration", "list of addresses". */
const char *value_type_name(enum schema_type);

/*
 * The values of a default: as a file has them, [ "a", "b" ], or with blanks
 * between and nothing else.
 */
struct string_list
value_default_list(struct arena *, const struct schema_row *);

#endif
