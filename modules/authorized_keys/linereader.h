/*
 * A file of lines, some at a time: a large one is looked through without
 * memory for all of it, which costs more than to read it.
 */
#ifndef SP_MODULE_LINEREADER_H
#define SP_MODULE_LINEREADER_H

#include <sallyport/module.h>

/* No line that anybody takes is longer. */
enum { LINEREADER_ROOM = 32768 };

/* More bytes than this are not read; 100,000 RSA keys have less. */
enum { LINEREADER_MAX = 64 * 1024 * 1024 };

struct linereader {
	int fd;
	size_t line; /* the number of the piece's first */
	size_t total; /* bytes read */
	size_t given; /* of the room: the piece */
	size_t used; /* of the room */
	bool is_skipping; /* what comes is the rest of a line too long */
	bool is_over; /* nothing more can be read */
	char room[LINEREADER_ROOM];
};

/* Takes the descriptor. */
void linereader_init(struct linereader *, int fd);
void linereader_clear(struct linereader *);

/*
 * The next whole lines, with their newlines (the last may lack it), until
 * the next call. A line that does not fit is left out, all of it, and
 * counted. False when there are none left.
 */
bool linereader_next(struct linereader *, struct sp_view *lines);

/* The number of the line in which a place of these lines stands. */
size_t linereader_line(const struct linereader *, const uint8_t *place);

#endif
