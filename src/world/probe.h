// Probes: single packets that a host sends, and what comes of each, as ping and traceroute use
// them. They are packets like any other: sent, forwarded, delayed, lost and answered hop by hop.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/trace.h"
#include "world/world.h"

enum probe_outcome {
	PROBE_PENDING,
	PROBE_ANSWERED, // echo reply; TCP SYN-ACK or RST; UDP: port unreachable from the destination
	PROBE_ERROR,    // an ICMP error from somebody
	PROBE_LOST,     // nothing until the timeout
};

struct probe_spec {
	uint32_t from;    // a host's (or any node's) number
	struct ip source; // IP_NONE: the node's own towards the destination
	struct ip destination;
	uint8_t protocol; // PROTOCOL_ICMP for either family's echo, PROTOCOL_UDP, PROTOCOL_TCP
	uint16_t source_port, destination_port, sequence; // ports: 0 picks defaults
	uint16_t identifier;                              // of echoes; 0: the next of 40000 to 59999
	uint8_t ttl;                                      // 0: 64
	uint32_t size_bytes; // of the payload behind ICMP/UDP/TCP header; 0: 32
	bool dont_fragment;
	bool record;        // keep a trace
	int64_t timeout_ns; // 0: 4 s
};

struct probe;
typedef void probe_done_fn(void *owner, struct probe *probe);

// Sends now. `done` may be NULL; it is called once, from the loop. The probe stays until freed.
struct probe *probe_send(
	struct world *world, const struct probe_spec *spec, probe_done_fn *done, void *owner);
void probe_free(struct probe *probe); // NULL is fine; pending ones are forgotten

struct probe_result {
	enum probe_outcome outcome;
	instant sent, arrived, answered; // arrived: at the destination, INSTANT_NEVER when it did not
	struct ip answered_by;
	uint8_t icmp_type, icmp_code; // of an error
	uint32_t mtu_bytes;           // "too big": the MTU it names
	struct ip source;             // as sent
	const struct trace *trace;    // when recorded; ->child is the answer's way
};
void probe_result(const struct probe *probe, struct probe_result *out);
