// The BFD state machine (RFC 5880 6.2, 6.8.6, 6.8.16) as a table: pure.
#pragma once

#include "proto/bfd/bfd.h"

#define BFD_STATES (BFD_UP + 1)

// The first four are what a packet from the peer says, in the order of enum bfd_state.
enum bfd_event {
	BFD_HEARD_ADMIN_DOWN,
	BFD_HEARD_DOWN,
	BFD_HEARD_INIT,
	BFD_HEARD_UP,
	BFD_EXPIRED, // the detection time
	BFD_STARTED,
	BFD_STOPPED,
};
#define BFD_EVENTS (BFD_STOPPED + 1)

enum bfd_action {
	BFD_DO_SEND = 1 << 0,    // the peer should know at once
	BFD_DO_TELL_UP = 1 << 1, // the owner, too
	BFD_DO_TELL_DOWN = 1 << 2,
	BFD_DO_FAST = 1 << 3,        // intervals as configured
	BFD_DO_SLOW = 1 << 4,        // intervals of 6.8.3
	BFD_DO_FALL_SILENT = 1 << 5, // stop sending and detecting
};

// `diagnostic` is meant when the state changes.
struct bfd_step {
	enum bfd_state next;
	enum bfd_diagnostic diagnostic;
	unsigned actions; // a set of bfd_action
};

// An event a state doesn't know leaves everything as it is.
struct bfd_step bfd_fsm_step(enum bfd_state state, enum bfd_event event);
