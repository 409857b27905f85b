/*
 * What one daemon leaves to the next: what sources owe (ipc/arrears.h), in a
 * file of the state folder. It counts by a clock that begins anew with the
 * machine, and so does the file.
 */
#ifndef SP_SUPERVISOR_CARRYOVER_H
#define SP_SUPERVISOR_CARRYOVER_H

#include <sallyport/types.h>

/* FOLDER/arrears. */
enum { CARRYOVER_HEADER = 128 };

/*
 * Copies the memory into the file, in place of the one before; blocks of
 * zeros take no room. False with errno set, and no file.
 */
SP_MUST_USE bool carryover_leave(const char *folder, int memory);

/*
 * Takes the file away, and copies it into memory that nobody uses yet. One
 * that is not ours, of another size or layout, or of before the machine was
 * started, counts for nothing: false, and the memory stays as it is.
 */
bool carryover_take(const char *folder, int memory);

#endif
