/* Steering by a classic BPF program that hashes the source's prefix. */
#include "daemon/supervisor/steering.h"

#include "daemon/ipc/share.h"

#include <linux/filter.h>
#include <sys/socket.h>

/* Loads from the start of the network header. */
#define LOAD_WORD(offset) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + (offset))
#define LOAD_BYTE(offset) \
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF + (offset))

enum { IPV4_SOURCE = 12, IPV6_SOURCE = 8 };

bool
steering_attach(int socket, uint32_t gates)
{
	struct sock_filter program[] = {
		LOAD_BYTE(0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		/* Version 4. */
		LOAD_WORD(IPV4_SOURCE),
		BPF_STMT(BPF_JMP | BPF_JA, 5),
		/* Version 6: both words of the /64. */
		LOAD_WORD(IPV6_SOURCE + 4),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SHARE_MIX),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		LOAD_WORD(IPV6_SOURCE),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		/* Mix, and choose. */
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, SHARE_MIX),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, gates),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog filter = {
		.len = sizeof program / sizeof program[0],
		.filter = program,
	};

	return setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter,
		   sizeof filter) == 0;
}
