/* Finding, checking and opening modules. */
#include "daemon/modload/modload.h"

#include "daemon/modload/trust.h"
#include "lib/wire/view.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { TYPE_MAX = 64 };

/* No module needs more; what says so lies about its sizes. */
enum { CONF_MAX = 1024 * 1024, OPT_SIZE_MAX = 4096, KINDS_MAX = 16 };

/* What a row of options has at least. */
#define OPT_SIZE_MIN offsetof(struct sp_opt, group)

/* Formats a sentence into problem; always false. */
__attribute__((format(printf, 2, 3))) static bool
refuse(char problem[MODLOAD_PROBLEM_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem, MODLOAD_PROBLEM_SIZE, format, args);
	va_end(args);
	return false;
}

static bool
is_type_name(const char *type)
{
	size_t len = strlen(type);

	return len > 0 && len <= TYPE_MAX && type[0] != '-' &&
	    type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ==
	    '\0';
}

static bool
find(const struct modload_folder *folder, const char *type, char file[PATH_MAX],
    char problem[MODLOAD_PROBLEM_SIZE])
{
	char path[PATH_MAX];
	struct stat st;
	int len;

	if (!is_type_name(type))
		return refuse(problem,
		    "\"%s\" is no module: a type is lower case letters, "
		    "digits, \"_\" and \"-\"",
		    type);
	len = snprintf(path, sizeof path, "%s/%s.so", folder->path, type);
	if (len < 0 || (size_t)len >= sizeof path ||
	    realpath(path, file) == NULL)
		return refuse(problem, "no module \"%s\" in %s (%s)", type,
		    folder->path, strerror(errno));
	if (stat(file, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(problem, "%s is not a file", file);
	/* In a sticky folder one can add files: it must not be the folder. */
	if (folder->is_lax)
		return true;
	/* Who may change the folder of a link chooses the module. */
	return trust_check(file, folder->owner, 2, problem) &&
	    trust_check(path, folder->owner, 2, problem);
}

/* As much of a structure that begins with its size as both sides know. */
static void
copy_sized(void *to, const void *from, size_t size, uint32_t their_size)
{
	memset(to, 0, size);
	memcpy(to, from, their_size < size ? their_size : size);
}

static bool
check_numbers(const struct sp_module *module, const char *file,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	if (module->magic != SP_MODULE_MAGIC)
		return refuse(problem,
		    "%s is no Sallyport module: its sp_module has another "
		    "magic number",
		    file);
	if (module->abi_major != SP_ABI_MAJOR)
		return refuse(problem,
		    "%s was built for module interface %u, this daemon has "
		    "%d: rebuild the module",
		    file, module->abi_major, SP_ABI_MAJOR);
	if (module->abi_minor > SP_ABI_MINOR)
		return refuse(problem,
		    "%s needs module interface %u.%u, this daemon has %d.%d: "
		    "upgrade the daemon",
		    file, module->abi_major, module->abi_minor, SP_ABI_MAJOR,
		    SP_ABI_MINOR);
	if (module->size < sizeof *module || module->opt_size < OPT_SIZE_MIN)
		return refuse(problem,
		    "%s is damaged: its sp_module is smaller than interface "
		    "%u.%u has it",
		    file, module->abi_major, module->abi_minor);
	if (module->conf_size > CONF_MAX || module->opt_size > OPT_SIZE_MAX)
		return refuse(problem,
		    "%s is damaged: its sizes are larger than any module's",
		    file);
	return true;
}

static bool
take_auth(struct modload_module *module, const struct sp_auth_ops *ops)
{
	copy_sized(&module->auth, ops, sizeof module->auth, ops->size);
	return module->auth.methods != NULL && module->auth.check != NULL;
}

static bool
take_handler(struct modload_module *module, const struct sp_handler_ops *ops)
{
	copy_sized(&module->handler, ops, sizeof module->handler, ops->size);
	return module->handler.accepts != NULL &&
	    module->handler.request != NULL;
}

static bool
take_storage(struct modload_module *module, const struct sp_storage_ops *ops)
{
	struct sp_storage_ops *own = &module->storage;

	copy_sized(own, ops, sizeof *own, ops->size);
	own->size = sizeof *own;
	return own->attach != NULL && own->detach != NULL &&
	    own->open != NULL && own->close != NULL && own->read != NULL &&
	    own->stat != NULL && own->fstat != NULL &&
	    own->open_folder != NULL && own->next_entry != NULL;
}

static bool
take_ops(struct modload_module *module, const struct sp_ops *ops,
    const char *file, char problem[MODLOAD_PROBLEM_SIZE])
{
	if (ops->kind > SP_KIND_STORAGE)
		return true;
	if (ops->ops == NULL)
		return refuse(problem,
		    "%s is damaged: it has a kind without functions", file);
	if (ops->kind == SP_KIND_AUTH && !take_auth(module, ops->ops))
		return refuse(problem,
		    "%s lacks the methods or check() of an auth module", file);
	if (ops->kind == SP_KIND_HANDLER && !take_handler(module, ops->ops))
		return refuse(problem,
		    "%s lacks the accepts or request() of a handler", file);
	if (ops->kind == SP_KIND_STORAGE && !take_storage(module, ops->ops))
		return refuse(problem,
		    "%s lacks one of the functions that a storage must have: "
		    "see sallyport-module(3)",
		    file);
	return true;
}

static bool
take(struct modload_module *module, const struct sp_module *symbol,
    const char *type, const char *file, char problem[MODLOAD_PROBLEM_SIZE])
{
	if (!check_numbers(symbol, file, problem))
		return false;
	*module = (struct modload_module){ .self = *symbol };
	if (symbol->name == NULL || strcmp(symbol->name, type) != 0)
		return refuse(problem, "%s calls itself \"%s\", not \"%s\"",
		    file, symbol->name == NULL ? "" : symbol->name, type);
	for (size_t i = 0; symbol->ops != NULL && i < KINDS_MAX; i++) {
		if (symbol->ops[i].kind == SP_KIND_END)
			return true;
		if (!take_ops(module, &symbol->ops[i], file, problem))
			return false;
	}
	return refuse(problem, "%s is damaged: its kinds have no end", file);
}

bool
modload_open(const struct modload_folder *folder, const char *type,
    struct modload_module *module, char problem[MODLOAD_PROBLEM_SIZE])
{
	char file[PATH_MAX];
	const void *symbol;
	void *handle;

	if (!find(folder, type, file, problem))
		return false;
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return refuse(problem, "cannot load %s", dlerror());
	symbol = dlsym(handle, "sp_module");
	if (symbol == NULL)
		return refuse(problem,
		    "%s is no Sallyport module: it exports no sp_module", file);
	return take(module, symbol, type, file, problem);
}

struct sp_opt
modload_option(const struct modload_module *module, const struct sp_opt *table,
    size_t place)
{
	const uint8_t *bytes = (const void *)table;
	struct sp_opt option = { 0 };

	if (bytes != NULL)
		copy_sized(&option, bytes + place * module->self.opt_size,
		    sizeof option, module->self.opt_size);
	return option;
}
