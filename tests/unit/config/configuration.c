/* Configuration files for the tests. */
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char configuration_sample[] =
    "server = {\n"
    "	listen = ( \"127.0.0.1:2222\",\n"
    "	    { at = \"[::1]:2222\"; host_keys = \"/etc/key_v6\"; } );\n"
    "	host_keys = [ \"/etc/key_a\", \"/etc/key_c\" ];\n"
    "	host_certificates = \"/etc/key_a-cert.pub\"; login_time = \"20s\";\n"
    "	gates = 3; rekey_bytes = \"2M\"; rekey_time = \"90s\";\n"
    "	decoy = \"staff\";\n"
    "};\n"
    "log = { to = \"stderr\"; level = \"debug\"; format = \"json\"; };\n"
    "auth = {\n"
    "	keys = { type = \"authorized_keys\"; file = \"%h/keys\"; };\n"
    "	more = { type = \"thing\"; on_failure = \"next\"; nested = ( { a = 1; "
    "b = [ true ]; } );\n"
    "	    text = \"x\\ny\"; };\n"
    "};\n"
    "handlers = {\n"
    "	login = { type = \"login\"; };\n"
    "	files = { type = \"files\"; };\n"
    "};\n"
    "profiles = {\n"
    "	staff = { accept = [ \"keys\", \"keys+more\" ]; shell = \"login\";\n"
    "	    exec = \"login\"; sftp = \"files\";\n"
    "	    subsystem = { netconf = \"files\"; };\n"
    "	    env = [ \"LANG\", \"LC_*\" ]; idle_time = \"8h\"; };\n"
    "	guests = { accept = \"more\"; pty = false; umask = \"0077\";\n"
    "	    max_channels = 2; };"
    " bound = { accept = \"more\"; exec = \"login\"; command = \"x %u\";"
    " signals = true; limits = { cpu = \"9s\"; memory = \"8M\";"
    " processes = 7; files = 60; time = \"5s\"; }; max_sessions = 3; "
    "sessions_per_identity = 5;"
    " session_time = \"9h\"; alive_interval = \"2s\"; alive_count = 4;"
    " ipqos = [ \"ef\", \"none\" ]; login_records = true; motd = \"/etc/%u\";"
    " banner = \"hello\"; };\n"
    "};\n"
    "rules = (\n"
    "	{ user = \"root\"; refuse = true; },\n"
    "	{ user = [ \"a*\", \"bob\" ]; from = [ \"10.0.0.0/8\", \"::1\" ];\n"
    "	    local = [ \":22\", \"127.0.0.1:2222\", \"10.0.0.0/8\" ];\n"
    "	    use = \"staff\"; },\n"
    "	{ group = \"root\"; use = \"staff\"; },\n"
    "	{ use = \"guests\"; }\n"
    ");\n";

int
configuration_set_up(void **state)
{
	struct configuration *c = calloc(1, sizeof *c);

	strcpy(c->folder, "/tmp/config_test.XXXXXX");
	if (mkdtemp(c->folder) == NULL)
		return -1;
	snprintf(c->path, sizeof c->path, "%s/main.conf", c->folder);
	c->request.path = c->path;
	mistake_init(&c->mistakes);
	*state = c;
	return 0;
}

static void
remove_tree(const char *path)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

int
configuration_tear_down(void **state)
{
	struct configuration *c = *state;

	remove_tree(c->folder);
	settings_free(c->settings);
	mistake_clear(&c->mistakes);
	free(c);
	return 0;
}

void
configuration_put(struct configuration *c, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/conf.d", c->folder);
	if (strncmp(name, "conf.d/", 7) == 0)
		mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/%s", c->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

void
configuration_read(struct configuration *c)
{
	settings_free(c->settings);
	mistake_clear(&c->mistakes);
	c->settings = loader_read(&c->request, &c->mistakes);
	assert_int_equal(c->settings == NULL, c->mistakes.count > 0);
}

void
configuration_read_text(struct configuration *c, const char *text)
{
	configuration_put(c, "main.conf", text);
	configuration_read(c);
}
