/* Accounts and their groups. */
#include "daemon/config/account.h"

#include "daemon/config/unit.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

enum { UID_MIN_USUAL = 1000, LINE_SIZE = 1024 };

static struct string_list
group_names(struct arena *arena, const gid_t *ids, size_t count)
{
	const char **names = arena_alloc(arena, count, sizeof *names);
	struct string_list list = { .items = names };
	const struct group *group;

	for (size_t i = 0; i < count; i++) {
		group = getgrgid(ids[i]);
		if (group != NULL)
			names[list.count++] =
			    arena_string(arena, group->gr_name);
	}
	return list;
}

static struct string_list
find_groups(struct arena *arena, const char *user, gid_t own)
{
	int count = 64, room = 0;
	gid_t *ids = NULL;

	/* count becomes what is needed when the room does not suffice. */
	while (count > room) {
		room = count;
		ids = arena_alloc(arena, (size_t)room, sizeof *ids);
		if (getgrouplist(user, own, ids, &count) >= 0)
			break;
	}
	return group_names(arena, ids, (size_t)(count < room ? count : room));
}

void
account_lookup(
    struct arena *arena, const char *user, struct rules_client *client)
{
	const struct passwd *account = getpwnam(user);

	client->user = arena_string(arena, user);
	client->has_account = account != NULL;
	client->account =
	    account != NULL ? arena_string(arena, account->pw_name) : NULL;
	client->uid = account != NULL ? account->pw_uid : (uid_t)-1;
	client->groups = (struct string_list){ .count = 0 };
	if (account != NULL)
		client->groups =
		    find_groups(arena, client->account, account->pw_gid);
}

uid_t
account_uid_min(const char *login_defs)
{
	FILE *file = fopen(login_defs, "re");
	uid_t uid_min = UID_MIN_USUAL;
	char line[LINE_SIZE], value[16];
	uint64_t number;

	if (file == NULL)
		return uid_min;
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, " UID_MIN %15s", value) == 1 &&
		    unit_parse_number(value, &number) && number < UINT32_MAX)
			uid_min = (uid_t)number;
	fclose(file);
	return uid_min;
}
