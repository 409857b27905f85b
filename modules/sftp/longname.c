/* Mode, links, owner, group, size and time. */
#include "modules/sftp/longname.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { HALF_YEAR = 365 * 24 * 60 * 60 / 2 };

/* Its own place, or another's whose name is forgotten. */
static struct longname_id *
place_of(struct longname_id ids[LONGNAME_IDS], uint32_t id, bool *is_known)
{
	struct longname_id *place = &ids[id % LONGNAME_IDS];

	*is_known = place->is_known && place->id == id;
	if (!*is_known) {
		place->id = id;
		place->is_known = true;
		place->name[0] = '\0';
	}
	return place;
}

static void
set_name(struct longname_id *place, const char *name)
{
	if (strlen(name) < sizeof place->name)
		memcpy(place->name, name, strlen(name) + 1);
}

const char *
longname_user(struct longname_ids *ids, uint32_t uid)
{
	bool is_known;
	struct longname_id *place = place_of(ids->users, uid, &is_known);
	const struct passwd *account = is_known ? NULL : getpwuid(uid);

	if (account != NULL)
		set_name(place, account->pw_name);
	return place->name;
}

const char *
longname_group(struct longname_ids *ids, uint32_t gid)
{
	bool is_known;
	struct longname_id *place = place_of(ids->groups, gid, &is_known);
	const struct group *group = is_known ? NULL : getgrgid(gid);

	if (group != NULL)
		set_name(place, group->gr_name);
	return place->name;
}

static char
type_letter(uint32_t mode)
{
	static const struct {
		uint32_t type;
		char letter;
	} rows[] = {
		{ S_IFREG, '-' },
		{ S_IFDIR, 'd' },
		{ S_IFLNK, 'l' },
		{ S_IFCHR, 'c' },
		{ S_IFBLK, 'b' },
		{ S_IFIFO, 'p' },
		{ S_IFSOCK, 's' },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((mode & S_IFMT) == rows[i].type)
			return rows[i].letter;
	return '?';
}

/* As strmode(3) of the BSDs, which not every C library has. */
static void
write_mode(uint32_t mode, char text[11])
{
	static const char letters[] = "rwxrwxrwx";
	static const struct {
		uint32_t bit;
		int place;
		char both, alone;
	} special[] = {
		{ S_ISUID, 3, 's', 'S' },
		{ S_ISGID, 6, 's', 'S' },
		{ S_ISVTX, 9, 't', 'T' },
	};

	text[0] = type_letter(mode);
	for (int i = 0; i < 9; i++)
		text[i + 1] = (mode & (0400U >> i)) != 0 ? letters[i] : '-';
	for (int i = 0; i < 3; i++)
		if ((mode & special[i].bit) != 0)
			text[special[i].place] = text[special[i].place] == 'x'
			    ? special[i].both
			    : special[i].alone;
	text[10] = '\0';
}

/* With the hour where it is of the last half year, else with the year. */
static void
write_time(uint32_t at, time_t now, char text[16])
{
	time_t time = (time_t)at;
	bool is_recent = time <= now && now - time < HALF_YEAR;
	struct tm parts;

	if (localtime_r(&time, &parts) == NULL ||
	    strftime(
		text, 16, is_recent ? "%b %e %H:%M" : "%b %e  %Y", &parts) == 0)
		memcpy(text, "?", 2);
}

size_t
longname_write(struct longname_ids *ids, const struct sp_file_attr *attr,
    time_t now, char room[LONGNAME_SIZE])
{
	char mode[11], when[16], uid[16], gid[16];
	const char *user = longname_user(ids, attr->uid);
	const char *group = longname_group(ids, attr->gid);
	int len;

	write_mode(attr->mode, mode);
	write_time(attr->mtime, now, when);
	snprintf(uid, sizeof uid, "%u", attr->uid);
	snprintf(gid, sizeof gid, "%u", attr->gid);
	len = snprintf(room, LONGNAME_SIZE, "%s %4u %-8s %-8s %8llu %s ", mode,
	    attr->links, user[0] != '\0' ? user : uid,
	    group[0] != '\0' ? group : gid, (unsigned long long)attr->size,
	    when);
	return len > 0 && len < LONGNAME_SIZE ? (size_t)len : 0;
}
