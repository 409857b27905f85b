/* Name-lists (RFC 4251 5) as reader_namelist() gives them: joined by commas. */
#ifndef SP_WIRE_NAMELIST_H
#define SP_WIRE_NAMELIST_H

#include "lib/wire/view.h"

/*
 * Takes the first name off the list. False, with *name empty, when there
 * is none left.
 */
bool namelist_next(struct sp_view *list, struct sp_view *name);

bool namelist_has(struct sp_view list, struct sp_view name);

/*
 * The first name of the client's list that the server's list has too
 * (RFC 4253 7.1); the empty view when there is none. Borrowed from client.
 */
struct sp_view namelist_match(struct sp_view client, struct sp_view server);

#endif
