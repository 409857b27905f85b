/*
 * Who may come in, by which proofs, and what he may do: the part of the
 * login's projection that is written and read here.
 */
#ifndef SP_CONFIG_ADMISSION_H
#define SP_CONFIG_ADMISSION_H

#include "daemon/config/settings.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* One group of auth or handlers. */
void admission_write_module(struct writer *, const struct module_settings *);
void admission_read_module(
    struct reader *, struct arena *, struct module_settings *);

void admission_write(struct writer *, const struct access_settings *);
/* Latches every nonsense: indices that point nowhere, nobody let in. */
void admission_read(struct reader *, struct arena *, struct access_settings *);

#endif
