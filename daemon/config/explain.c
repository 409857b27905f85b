/* A decision of the rules, told in sentences. */
#include "daemon/config/explain.h"

#include "daemon/config/dscp.h"
#include "daemon/config/penalties.h"
#include "daemon/config/unit.h"

static void
tell_client(const struct rules_client *client, FILE *out)
{
	char peer[CIDR_TEXT_SIZE], local[CIDR_TEXT_SIZE];

	cidr_format_address(&client->peer.address, peer);
	cidr_format_endpoint(&client->local, local);
	fprintf(out, "user %s, from %s, at %s\n", client->user, peer, local);
	if (!client->has_account) {
		fputs("there is no such account on this machine\n", out);
		return;
	}
	if (strcmp(client->account, client->user) != 0)
		fprintf(
		    out, "the account of that name is %s\n", client->account);
	fprintf(out, "uid %lu, in the groups", (unsigned long)client->uid);
	for (size_t i = 0; i < client->groups.count; i++)
		fprintf(
		    out, "%s %s", i > 0 ? "," : "", client->groups.items[i]);
	fputc('\n', out);
}

static void
tell_rules(const struct access_settings *access,
    const struct rules_client *client, FILE *out)
{
	for (size_t i = 0; i < access->rule_count; i++) {
		enum rules_reason reason = rules_test(access, i, client);

		fprintf(out, "rule %zu (%s:%u) %s\n", i + 1,
		    access->rules[i].file, access->rules[i].line,
		    rules_reason_text(reason));
		if (reason == RULES_FITS)
			return;
	}
}

static void
tell_accept(const struct access_settings *access,
    const struct profile_settings *profile, FILE *out)
{
	fputs("  is accepted by ", out);
	for (size_t i = 0; i < profile->accept_count; i++) {
		const struct accept_settings *way = &profile->accept[i];

		if (i > 0)
			fputs(", or by ", out);
		for (size_t step = 0; step < way->count; step++)
			fprintf(out, "%s%s", step > 0 ? " and then " : "",
			    access->auths[way->steps[step]].name);
	}
	fputc('\n', out);
}

static void
tell_handler(const struct access_settings *access, const char *what,
    size_t handler, FILE *out)
{
	if (handler == SETTINGS_NONE)
		fprintf(
		    out, "  %s: refused, the profile names no handler\n", what);
	else
		fprintf(out, "  %s: served by %s (%s)\n", what,
		    access->handlers[handler].name,
		    access->handlers[handler].type);
}

/* Nothing where there is no such time. */
static void
tell_time(uint64_t ms, const char *before, const char *after, FILE *out)
{
	char text[UNIT_TEXT_SIZE];

	if (ms == 0)
		return;
	unit_format_time(ms, text);
	fprintf(out, "  %s%s%s\n", before, text, after);
}

/* What becomes of requests of session channels. */
static void
tell_requests(const struct access_settings *access,
    const struct profile_settings *profile, FILE *out)
{
	if (profile->command[0] != '\0') {
		fprintf(out, "  whatever is asked for becomes: %s\n",
		    profile->command);
		tell_handler(access, "that command", profile->exec, out);
		fprintf(out, "  signals of the client: %s\n",
		    profile->signals ? "sent to it" : "refused");
		return;
	}
	tell_handler(access, "shell", profile->shell, out);
	tell_handler(access, "exec", profile->exec, out);
	if (profile->scp != SETTINGS_NONE)
		tell_handler(access, "scp -t and scp -f", profile->scp, out);
	for (size_t i = 0; i < profile->subsystem_count; i++)
		tell_handler(access, profile->subsystems[i].name,
		    profile->subsystems[i].handler, out);
}

static void
tell_limits(const struct profile_settings *profile, FILE *out)
{
	const struct limits_settings *limits = &profile->limits;
	char text[UNIT_TEXT_SIZE];

	if (limits->cpu > 0)
		fprintf(out, "  computing time: %llu s a process\n",
		    (unsigned long long)limits->cpu);
	if (limits->memory > 0) {
		unit_format_size(limits->memory, text);
		fprintf(out, "  memory: %s a process\n", text);
	}
	if (limits->processes > 0)
		fprintf(
		    out, "  processes: %u of the account\n", limits->processes);
	if (limits->files > 0)
		fprintf(out, "  files: %u open in a process\n", limits->files);
	tell_time(limits->time, "programs ended after ", "", out);
	fprintf(out, "  new privileges (sudo): %s\n",
	    profile->no_new_privs ? "refused" : "yes");
}

static void
tell_profile(const struct access_settings *access,
    const struct profile_settings *profile, FILE *out)
{
	tell_accept(access, profile, out);
	tell_requests(access, profile, out);
	fprintf(out, "  runs as %s\n",
	    profile->run_as[0] != '\0' ? profile->run_as : "the user");
	if (profile->session != SETTINGS_NONE)
		fprintf(out, "  its session is opened and closed by %s\n",
		    access->auths[profile->session].name);
	if (profile->chroot[0] != '\0')
		fprintf(out, "  root folder: %s\n", profile->chroot);
	if (profile->banner[0] != '\0')
		fputs("  shown a banner before the login\n", out);
	if (profile->motd[0] != '\0')
		fprintf(out, "  shown to shells on a terminal: %s\n",
		    profile->motd);
	if (profile->login_records)
		fputs("  logins and terminals are recorded\n", out);
	fprintf(out, "  terminal: %s\n", profile->pty ? "yes" : "refused");
	fputs("  may set", out);
	for (size_t i = 0; i < profile->env.count; i++)
		fprintf(out, "%s %s", i > 0 ? "," : "", profile->env.items[i]);
	fprintf(out, "%s\n", profile->env.count == 0 ? " no variables" : "");
	fprintf(out, "  channels: %u at once\n", profile->max_channels);
	fprintf(out, "  sessions: %u of them at once\n", profile->max_sessions);
	if (profile->sessions_per_identity > 0)
		fprintf(out, "  connections of one identity: %u at once\n",
		    profile->sessions_per_identity);
	tell_time(profile->idle_time, "ended after ", " without traffic", out);
	tell_time(profile->session_time, "ended ", " after the login", out);
	tell_time(profile->alive_interval, "asked after ",
	    " of silence whether it is there", out);
	fprintf(out, "  packets: %s with a terminal,",
	    dscp_name(profile->interactive));
	fprintf(out, " %s without\n", dscp_name(profile->bulk));
	tell_limits(profile, out);
}

void
explain_client(const struct access_settings *access,
    const struct rules_client *client, FILE *out)
{
	struct rules_verdict verdict = rules_decide(access, client);
	const struct profile_settings *profile =
	    &access->profiles[verdict.profile];

	tell_client(client, out);
	tell_rules(access, client, out);
	if (verdict.is_refused) {
		fprintf(out,
		    "refused: %s; led through the dialogue of profile %s\n",
		    rules_reason_text(verdict.reason), profile->name);
		return;
	}
	fprintf(out, "gets profile %s:\n", profile->name);
	tell_profile(access, profile, out);
}

void
explain_penalties(const struct penalty_settings *penalties,
    const struct rules_client *client, FILE *out)
{
	char max[UNIT_TEXT_SIZE], max_known[UNIT_TEXT_SIZE];

	if (!penalties_are_for(penalties, &client->peer.address)) {
		fprintf(out, "its source is never refused for failures: %s\n",
		    penalties->are_on ? "it is exempt" : "penalties are off");
		return;
	}
	unit_format_time(penalties->max, max);
	unit_format_time(penalties->max_known, max_known);
	fprintf(out,
	    "its source is refused for failures, for %s at most, and for %s "
	    "where somebody was let in from there lately\n",
	    max, max_known);
}
