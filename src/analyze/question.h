// Who asks whom: one flow between two nodes of a network.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/header.h"
#include "topo/topo.h"

struct question {
	uint32_t from; // the node that sends
	uint32_t to;   // the node that owns the destination, TOPO_NONE: none in this network
	struct ip source, destination;
	uint8_t protocol; // PROTOCOL_ICMP for echoes of either family
	uint16_t source_port, destination_port;
};

// What stands on a command line or in a test beside the two ends; zero is the default.
struct question_flow {
	uint8_t protocol; // 0: PROTOCOL_ICMP
	uint16_t port, source_port;
	bool prefer_v6;
};

// The ports probes use when none is given.
#define QUESTION_SOURCE_PORT 49152
#define QUESTION_TCP_PORT 443
#define QUESTION_UDP_PORT 33434

// The node that owns the address: hosts first, then whoever has a port with it. TOPO_NONE: nobody.
uint32_t question_owner(const struct topo *topo, struct ip address);
// The node's own address of a family: a host's, else its first port's with one. IP_NONE: none.
struct ip question_address(const struct topo *topo, uint32_t node, bool is_v6);

// Between two nodes. -EAFNOSUPPORT when they have no family in common.
int question_between(const struct topo *topo, uint32_t from, uint32_t to,
	const struct question_flow *flow, struct question *out);
// From a node to any address. -EAFNOSUPPORT when the node has no address of that family.
int question_to_address(const struct topo *topo, uint32_t from, struct ip destination,
	const struct question_flow *flow, struct question *out);

// The header of its packets; ICMP becomes the family's own.
struct flow_key question_key(const struct question *question);
// The header of the answers.
struct flow_key question_reply_key(const struct flow_key *key);

// The hosts, in the order of the file: whose pairs a matrix holds. *count is set.
uint32_t *question_hosts(const struct topo *topo, struct arena *arena, size_t *count);
