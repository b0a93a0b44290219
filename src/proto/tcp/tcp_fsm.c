#include "proto/tcp/tcp_fsm.h"

#include <stdbool.h>

#include "base/assert.h"

struct cell {
	bool is_known;
	uint8_t next;
	uint16_t actions;
};

#define TO(state, actions) \
	{ true, (state), (uint16_t)(actions) }

// RFC 9293 figure 5, the calls of 3.10.1 to 3.10.5, the segments of 3.10.7, the timeouts of 3.10.8.
static const struct cell table[TCP_STATES][TCP_EVENTS] =
	{
		[TCP_CLOSED] =
			{
				[TCP_GOT_CONNECT] = TO(TCP_SYN_SENT, TCP_DO_SEND_SYN),
				[TCP_GOT_SYN] = TO(TCP_SYN_RECEIVED, TCP_DO_SEND_SYN),
			},
		[TCP_SYN_SENT] =
			{
				// Both ends connected to each other at once (figure 8).
				[TCP_GOT_SYN] = TO(TCP_SYN_RECEIVED, TCP_DO_SEND_SYN),
				[TCP_GOT_SYN_ACK] = TO(TCP_ESTABLISHED, TCP_DO_SEND_ACK | TCP_DO_TELL_OPENED),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_REFUSED),
				[TCP_GOT_CLOSE] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ABORT] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_TIMEOUT),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_RESET),
			},
		[TCP_SYN_RECEIVED] =
			{
				[TCP_GOT_ACK_OF_SYN] = TO(TCP_ESTABLISHED, TCP_DO_TELL_OPENED),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_REFUSED),
				// Only who connected has an owner yet: not open, so nothing that could be lost.
				[TCP_GOT_CLOSE] = TO(TCP_CLOSED, TCP_DO_SEND_RESET | TCP_DO_RELEASE),
				[TCP_GOT_ABORT] = TO(TCP_CLOSED, TCP_DO_SEND_RESET | TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_TIMEOUT),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_RESET),
			},
		[TCP_ESTABLISHED] =
			{
				[TCP_GOT_FIN] =
					TO(TCP_LAST_ACK, TCP_DO_SEND_ACK | TCP_DO_SEND_FIN | TCP_DO_TELL_CLOSED),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_RESET),
				[TCP_GOT_CLOSE] = TO(TCP_FIN_WAIT_1, TCP_DO_SEND_FIN),
				[TCP_GOT_ABORT] = TO(TCP_CLOSED, TCP_DO_SEND_RESET | TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_TIMEOUT),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE | TCP_DO_TELL_RESET),
			},
		// From here on the owner has left: there is nobody to tell.
		[TCP_FIN_WAIT_1] =
			{
				[TCP_GOT_FIN] = TO(TCP_CLOSING, TCP_DO_SEND_ACK),
				[TCP_GOT_ACK_OF_FIN] = TO(TCP_FIN_WAIT_2, TCP_DO_LINGER),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE),
			},
		[TCP_FIN_WAIT_2] =
			{
				[TCP_GOT_FIN] = TO(TCP_TIME_WAIT, TCP_DO_SEND_ACK | TCP_DO_LINGER),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_LINGER_OVER] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE),
			},
		[TCP_CLOSING] =
			{
				[TCP_GOT_ACK_OF_FIN] = TO(TCP_TIME_WAIT, TCP_DO_LINGER),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE),
			},
		[TCP_LAST_ACK] =
			{
				[TCP_GOT_ACK_OF_FIN] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_GIVE_UP] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE),
			},
		[TCP_TIME_WAIT] =
			{
				// Its acknowledgement was lost; the wait begins anew.
				[TCP_GOT_FIN] = TO(TCP_TIME_WAIT, TCP_DO_SEND_ACK | TCP_DO_LINGER),
				[TCP_GOT_RESET] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_LINGER_OVER] = TO(TCP_CLOSED, TCP_DO_RELEASE),
				[TCP_GOT_ADDRESS_LOSS] = TO(TCP_CLOSED, TCP_DO_RELEASE),
			},
};

struct tcp_step tcp_fsm_step(enum tcp_state state, enum tcp_event event) {
	assert((unsigned)state < TCP_STATES && (unsigned)event < TCP_EVENTS);
	const struct cell *cell = &table[state][event];

	if (!cell->is_known)
		return (struct tcp_step){state, 0};
	return (struct tcp_step){(enum tcp_state)cell->next, cell->actions};
}
