// The record of one packet's way, appended to only when asked for: which step at which node came to
// which verdict, and the origin (a number that topo turns into a place in the file) that made it
// so.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "net/header.h"
#include "net/ip.h"

enum trace_step {
	TRACE_ENTERED,     // came in by a port
	TRACE_ORIGINATED,  // made here
	TRACE_PERMITTED,   // a filter let it pass; origin is the rule
	TRACE_ROUTED,      // a table row was chosen; prefix, port, via, origin are that row's
	TRACE_DECREMENTED, // TTL lowered here
	TRACE_ENCAPSULATED,
	TRACE_DECAPSULATED,
	TRACE_FRAGMENTED,
	TRACE_CLAMPED,    // a SYN's segment size was lowered to mss_bytes
	TRACE_SENT,       // left by a port
	TRACE_DELIVERED,  // is for this node
	TRACE_DROPPED,    // `drop` says why
	TRACE_ANSWERED,   // an ICMP error or reply was made because of it; it records on in `child`
	TRACE_UNANSWERED, // an ICMP error was due but none went out; `drop` says why
};

struct trace_record {
	instant when;
	uint32_t node, port; // port UINT32_MAX when none
	uint32_t origin;
	uint8_t step, drop; // enum trace_step, enum drop
	uint8_t ttl;
	uint16_t hop_index, hop_count; // which of how many equal hops the hash chose
	uint16_t mss_bytes;
	struct prefix prefix;
	struct ip via;
};

#define TRACE_RECORDS_MAX 2048

// Grows up to the bound, then counts what it leaves out.
struct trace {
	struct trace_record *records;
	size_t count, room, left_out;
	struct trace *child; // the way of the answer; owned
	struct flow_key key; // of the packet as it began
};

struct trace *trace_new(void);
void trace_free(struct trace *trace); // children too; NULL is fine
void trace_add(struct trace *trace, const struct trace_record *record);
