/* The table of message.def and how it is searched. */
#include "lib/message.h"

static const struct message rows[] = {
#define ROW(layer, number, name, family, sender, phases, once) \
	{ #name, number, layer, FAMILY_##family, MESSAGE_FROM_##sender, \
		phases, once },
#define TRANSPORT(number, name, family, sender, phases, once, handler) \
	ROW(LAYER_TRANSPORT, number, name, family, sender, phases, once)
#define USERAUTH(number, name, family, sender, phases, once, handler) \
	ROW(LAYER_USERAUTH, number, name, family, sender, phases, once)
#define CONNECTION(number, name, family, sender, phases, once, handler) \
	ROW(LAYER_CONNECTION, number, name, family, sender, phases, once)
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
#undef ROW
};

const struct message *
message_row(size_t index)
{
	return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

size_t
message_index(const struct message *row)
{
	return (size_t)(row - rows);
}

const struct message *
message_find(uint8_t number, enum message_sender sender,
    enum message_family kex, enum message_family auth)
{
	const struct message *other = NULL;

	for (size_t i = 0; i < MESSAGE_ROWS; i++) {
		const struct message *row = &rows[i];

		if (row->number != number)
			continue;
		if (row->family != FAMILY_NONE && row->family != kex &&
		    row->family != auth)
			continue;
		if ((row->sender & sender) != 0)
			return row;
		other = row;
	}
	return other;
}
