/* Who takes a seat, by which name, and what is said where there is none. */
#include "daemon/login/checkin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Who has logged in does not wait for longer. */
enum { PATIENCE_MS = 2000 };

static bool
counts(const struct modgroup *handlers, size_t place)
{
	return place != SETTINGS_NONE && handlers[place].counts;
}

/* Whether anything that serves him has numbers that his sessions share. */
static bool
wants_page(
    const struct profile_settings *profile, const struct modgroup *handlers)
{
	for (size_t i = 0; i < profile->subsystem_count; i++)
		if (counts(handlers, profile->subsystems[i].handler))
			return true;
	return counts(handlers, profile->shell) ||
	    counts(handlers, profile->exec) || counts(handlers, profile->scp);
}

static bool
wants_seat(
    const struct profile_settings *profile, const struct modgroup *handlers)
{
	return profile->sessions_per_identity > 0 ||
	    wants_page(profile, handlers);
}

bool
checkin_is_wanted(
    const struct access_settings *access, const struct modgroup *handlers)
{
	for (size_t i = 0; i < access->profile_count; i++)
		if (wants_seat(&access->profiles[i], handlers))
			return true;
	return false;
}

static uint64_t
latest(uint64_t deadline)
{
	struct timespec now;
	uint64_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 +
	    PATIENCE_MS;
	return deadline < end ? deadline : end;
}

static enum seat_outcome
take(const struct attempt *a, bool has_page, int folder, struct seat *seat,
    char problem[IDENTITYFILE_PROBLEM])
{
	const struct profile_settings *profile = a->candidate.profile;
	char name[IDENTITYFILE_NAME];

	snprintf(problem, IDENTITYFILE_PROBLEM, "%s", strerror(ENOMEM));
	if (!identityfile_name(
		a->given.crypto, login_identity(&a->login), name))
		return SEAT_FAILED;
	snprintf(problem, IDENTITYFILE_PROBLEM, "their folder is not known");
	if (folder < 0)
		return SEAT_FAILED;
	return seat_take(seat, folder, name, profile->sessions_per_identity,
	    has_page, latest(a->given.deadline), problem);
}

/* He may know why: he has proved himself. */
static void
turn_away(
    const struct attempt *a, enum seat_outcome outcome, const char *problem)
{
	const struct profile_settings *profile = a->candidate.profile;
	char reason[512];

	if (outcome == SEAT_FULL) {
		snprintf(reason, sizeof reason,
		    "identity %s has %" PRIu32 " sessions, as many as profile "
		    "%.100s allows (sessions_per_identity)",
		    login_identity(&a->login), profile->sessions_per_identity,
		    profile->name);
		attempt_refuse(a, AUTHENTICATION_CROWDED, reason);
		return;
	}
	snprintf(reason, sizeof reason,
	    "sessions of identity %s cannot be counted: %s",
	    login_identity(&a->login), problem);
	attempt_refuse(a, AUTHENTICATION_FAULT, reason);
}

bool
checkin_pass(const struct attempt *a, const struct modgroup *handlers,
    int folder, struct seat *seat)
{
	const struct profile_settings *profile = a->candidate.profile;
	char problem[IDENTITYFILE_PROBLEM];
	enum seat_outcome outcome;

	*seat = (struct seat){ .fd = -1 };
	if (!wants_seat(profile, handlers))
		return true;
	outcome = take(a, wants_page(profile, handlers), folder, seat, problem);
	if (outcome != SEAT_TAKEN)
		turn_away(a, outcome, problem);
	return outcome == SEAT_TAKEN;
}
