// The state machine of one connection, RFC 4271 8, as a table: it decides, others act.
//
// A peer has two connections, one for each direction it may be opened in, and a machine for each;
// which survives when both get through is decided by the session (6.8). Where the RFC goes to Idle
// after an error and then starts again by itself (event 3), the table goes to Active at once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/bgp/bgp.h"

#define BGP_STATES (BGP_ESTABLISHED + 1)

enum bgp_event {            // the RFC's numbers
	BGP_START,              // 1
	BGP_START_PASSIVE,      // 4
	BGP_STOP,               // 2
	BGP_FAIL,               // from outside: port down, BFD (RFC 5882 4.2)
	BGP_RETRY_EXPIRES,      // 9, or somebody who knows that the path is back
	BGP_HOLD_EXPIRES,       // 10
	BGP_KEEPALIVE_EXPIRES,  // 11
	BGP_TCP_OPENED,         // 16, 17
	BGP_TCP_FAILS,          // 18
	BGP_OPEN_COMES,         // 19
	BGP_MESSAGE_BAD,        // 21, 22, 28 and what policy refuses
	BGP_COLLISION_LOST,     // 23
	BGP_NOTIFICATION_COMES, // 24, 25
	BGP_KEEPALIVE_COMES,    // 26
	BGP_UPDATE_COMES,       // 27
	BGP_REFRESH_COMES,      // RFC 2918
	BGP_EVENTS,
};

enum bgp_action {
	BGP_DO_NOTHING, // ends a list
	BGP_DO_CONNECT,
	BGP_DO_START_RETRY,
	BGP_DO_STOP_RETRY,
	BGP_DO_SEND_OPEN,   // and the long hold time until the answer
	BGP_DO_ACCEPT_OPEN, // take over what it negotiated
	BGP_DO_SEND_KEEPALIVE,
	BGP_DO_RESTART_HOLD,
	BGP_DO_RESTART_KEEPALIVE,
	BGP_DO_ESTABLISH,
	BGP_DO_PROCESS_UPDATE,
	BGP_DO_PROCESS_REFRESH,
	BGP_DO_NOTIFY, // the error at hand
	BGP_DO_NOTIFY_HOLD,
	BGP_DO_NOTIFY_FSM,
	BGP_DO_NOTIFY_SHUTDOWN,
	BGP_DO_NOTIFY_COLLISION,
	BGP_DO_CLOSE,  // the stream, after what is queued
	BGP_DO_RESET,  // the stream, at once
	BGP_DO_FORGET, // the stream is gone
	BGP_ACTIONS,
};

#define BGP_ACTIONS_MAX 6

struct bgp_transition {
	enum bgp_state next;
	enum bgp_action actions[BGP_ACTIONS_MAX];
};

// What the RFC calls "any other event" is decided where an event has no cell of its own; *is_own
// (may be NULL) tells.
const struct bgp_transition *bgp_fsm_next(enum bgp_state state, enum bgp_event event, bool *is_own);
const char *bgp_state_name(enum bgp_state state);
