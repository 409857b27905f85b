/* The skeletons of examples/, under another name. */
#include "daemon/supervisor/seedling.h"

#include "daemon/supervisor/newfile.h"
#include "daemon/supervisor/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* As long as the type of a module may be. */
enum { NAME_LEN_MAX = 64, PATH_SIZE = 2 * NAME_LEN_MAX + 16, EXIT_USAGE = 64 };

/* What the skeletons call themselves. */
static const char named[] = "skeleton";

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "sallyportd new-module: %s: %s\n", what, why);
	return false;
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_LEN_MAX && name[0] != '-' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ==
	    '\0';
}

/* The text with the name in place of the skeleton's; freed by the caller. */
static char *
rename_in(const char *text, const char *name)
{
	size_t size = 0;
	char *renamed = NULL;
	FILE *out = open_memstream(&renamed, &size);
	const char *at;

	if (out == NULL)
		return NULL;
	while ((at = strstr(text, named)) != NULL) {
		fwrite(text, 1, (size_t)(at - text), out);
		fputs(name, out);
		text = at + sizeof named - 1;
	}
	fputs(text, out);
	if (fclose(out) == 0)
		return renamed;
	free(renamed);
	return NULL;
}

static bool
write_file(const char *name, const char *file, const char *template)
{
	char *text = rename_in(template, name);
	char path[PATH_SIZE];
	bool is_written;

	snprintf(path, sizeof path, "%s/%s", name, file);
	is_written = text != NULL && newfile_write(path, sp_text(text), 0644);
	free(text);
	if (!is_written)
		return complain(path, strerror(errno));
	printf("wrote  %s\n", path);
	return true;
}

static bool
write_all(const char *name, bool is_handler)
{
	char code[NAME_LEN_MAX + 8], script[NAME_LEN_MAX + 8];

	snprintf(code, sizeof code, "%s.c", name);
	snprintf(script, sizeof script, "%s.script", name);
	if (mkdir(name, 0755) != 0)
		return complain(name, strerror(errno));
	return write_file(
		   name, code, is_handler ? template_handler : template_auth) &&
	    write_file(name, "Makefile", template_makefile) &&
	    write_file(name, script,
		is_handler ? template_handler_script : template_auth_script);
}

int
seedling_plant(int argc, char *const argv[])
{
	bool is_handler = argc == 2 && strcmp(argv[1], "handler") == 0;

	if (argc < 1 || argc > 2 ||
	    (argc == 2 && !is_handler && strcmp(argv[1], "auth") != 0)) {
		complain("usage", "sallyportd new-module NAME [auth|handler]");
		return EXIT_USAGE;
	}
	if (!is_name(argv[0])) {
		complain(argv[0],
		    "a name is lower case letters, digits, \"_\" and \"-\"");
		return EXIT_USAGE;
	}
	if (!write_all(argv[0], is_handler))
		return EXIT_FAILURE;
	printf("\nNext:\n    make -C %s check\n", argv[0]);
	return EXIT_SUCCESS;
}
