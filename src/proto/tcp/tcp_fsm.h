// The TCP state machine (RFC 9293 3.3.2) as a table: pure.
//
// Only events that the RFC's checks of 3.10.7 let through get here. A stream has no half-closed
// state, so CLOSE-WAIT is passed through: a FIN from the peer closes our direction too.
#pragma once

#include <stdint.h>

enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
};
#define TCP_STATES (TCP_TIME_WAIT + 1)

enum tcp_event {
	TCP_GOT_CONNECT,      // the owner connects
	TCP_GOT_SYN,          // a SYN without an acknowledgement
	TCP_GOT_SYN_ACK,      // a SYN that acknowledges ours
	TCP_GOT_ACK_OF_SYN,   // our SYN is acknowledged, the peer's is known
	TCP_GOT_FIN,          // the peer's FIN, all before it received
	TCP_GOT_ACK_OF_FIN,   // our FIN is acknowledged
	TCP_GOT_RESET,        // a RST that passed RFC 5961 3.2
	TCP_GOT_CLOSE,        // the owner closes
	TCP_GOT_ABORT,        // the owner resets
	TCP_GOT_GIVE_UP,      // too many retransmissions
	TCP_GOT_LINGER_OVER,  // the time of FIN-WAIT-2 or TIME-WAIT is over
	TCP_GOT_ADDRESS_LOSS, // the local address is gone
};
#define TCP_EVENTS (TCP_GOT_ADDRESS_LOSS + 1)

// What is to be done, in this order.
enum tcp_action {
	TCP_DO_SEND_SYN = 1 << 0, // with an acknowledgement when the peer's SYN is known
	TCP_DO_SEND_ACK = 1 << 1,
	TCP_DO_SEND_FIN = 1 << 2, // behind what is queued
	TCP_DO_SEND_RESET = 1 << 3,
	TCP_DO_LINGER = 1 << 4,  // (re)start the linger timer
	TCP_DO_RELEASE = 1 << 5, // the connection is over
	TCP_DO_TELL_OPENED = 1 << 6,
	TCP_DO_TELL_CLOSED = 1 << 7,
	TCP_DO_TELL_RESET = 1 << 8,
	TCP_DO_TELL_REFUSED = 1 << 9,
	TCP_DO_TELL_TIMEOUT = 1 << 10,
};

struct tcp_step {
	enum tcp_state next;
	unsigned actions; // a set of tcp_action
};

// An event a state doesn't know leaves everything as it is.
struct tcp_step tcp_fsm_step(enum tcp_state state, enum tcp_event event);
