/* Files of users: the first line is a name, the rest the file. */
#include "lib/wire/view.h"
#include "modules/userfile/userbook.h"
#include "tests/fuzz/target.h"

static void
check_inside(struct sp_view part, struct sp_view whole)
{
	TARGET_ASSERT(part.len <= whole.len);
	TARGET_ASSERT(part.len == 0 ||
	    (part.data >= whole.data &&
		part.data + part.len <= whole.data + whole.len));
}

/* What is found by name is what stands at its place. */
static void
check_users(struct sp_view text, const struct userbook_answer *answer)
{
	struct userbook_user user;
	struct sp_view rest = text, lines;
	struct sp_key_line key;
	size_t found = 0;

	while (userbook_next_user(&rest, &user)) {
		TARGET_ASSERT(userbook_is_name(user.name));
		TARGET_ASSERT(
		    user.password.len == 0 || userbook_is_hash(user.password));
		check_inside(user.lines, text);
		lines = user.lines;
		while (userbook_next_key(&lines, &key))
			check_inside(key.base64, user.lines);
		if (answer->is_found &&
		    user.lines.data == answer->user.lines.data) {
			TARGET_ASSERT(user.lines.len == answer->user.lines.len);
			found++;
		}
	}
	TARGET_ASSERT(found == (answer->is_found ? 1 : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
	size_t len = end == NULL ? size : (size_t)(end - data);
	struct sp_view name = view_of(data, len);
	struct sp_view text = view_of(data + len, end == NULL ? 0 : size - len);
	struct userbook_answer answer;

	if (userbook_find(text, name, &answer)) {
		TARGET_ASSERT(answer.problem == NULL);
		check_inside(answer.example, text);
		check_users(text, &answer);
	} else {
		TARGET_ASSERT(answer.problem != NULL);
		TARGET_ASSERT(answer.wrong_line > 0);
	}
	return 0;
}
