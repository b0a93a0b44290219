// What stands behind a verb on the command line: positional arguments and options, read by one
// strict reader from one table.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analyze/question.h"

// Bounds on what a command line may repeat.
#define OPTIONS_POSITIONAL_MAX 64 // the words of a filter
#define OPTIONS_FAULTS_MAX 64

// OPTION(constant, name, value's word or NULL for a flag, help)
#define OPTIONS(OPTION)                                                                           \
	OPTION(FORMAT, "format", "FORMAT", "text (default), json and, where listed, others")          \
	OPTION(EXPLAIN, "explain", NULL, "say why: table rows, rules, every silent hop")              \
	OPTION(ALL_PATHS, "all-paths", NULL, "every member of equal routes, not only the flow's own") \
	OPTION(HOPS, "hops", NULL, "print the nodes of every path")                                   \
	OPTION(COUNT, "count", "N", "how many packets (default 4)")                                   \
	OPTION(SIZE, "size", "BYTES", "bytes behind the ICMP header (default 32)")                    \
	OPTION(DONT_FRAGMENT, "dont-fragment", NULL, "set the don't-fragment bit")                    \
	OPTION(INTERVAL, "interval", "TIME", "between packets (default 1s)")                          \
	OPTION(PROTOCOL, "protocol", "PROTOCOL", "icmp (default), udp, tcp")                          \
	OPTION(PORT, "port", "N", "destination port of udp and tcp")                                  \
	OPTION(SOURCE_PORT, "source-port", "N", "source port of udp and tcp")                         \
	OPTION(IPV6, "ipv6", NULL, "prefer IPv6 where both ends have both families")                  \
	OPTION(DOWN, "down", "LINK", "this link has failed (repeatable)")                             \
	OPTION(DOWN_NODE, "down-node", "NODE", "this node has failed (repeatable)")                   \
	OPTION(EVENT, "event", "'TIME down|cut|up|set LINK'",                                         \
		"at that time (repeatable; --one-way NODE or delay= loss= mtu= … may follow)")            \
	OPTION(AT, "at", "TIME", "ask at this moment instead of after convergence")                   \
	OPTION(COLD, "cold", NULL, "time 0 is power-on, not the first convergence")                   \
	OPTION(SEED, "seed", "N", "of everything random (default: the file's, else 1)")               \
	OPTION(FAILURES, "failures", "N", "1 (default) or 2 failures at a time")                      \
	OPTION(ADVERTISED_TO, "advertised-to", "PEER", "what is sent to this neighbour")              \
	OPTION(NIC, "nic", "NAME", "of this NIC instead of the primary one")                          \
	OPTION(CAPTURE, "capture", "LINK=FILE",                                                       \
		"write what passes a link to a pcap file (all=FILE: every link)")                         \
	OPTION(FILTER, "filter", "EXPRESSION", "of --capture: only what matches, as tcpdump has it")  \
	OPTION(SNAPLEN, "snaplen", "BYTES", "of each captured packet (default: all)")                 \
	OPTION(HUBS, "hubs", "N", "hub networks")                                                     \
	OPTION(SPOKES, "spokes", "N", "spoke networks")                                               \
	OPTION(SITES, "sites", "N", "on-premises sites")                                              \
	OPTION(PREFIXES, "prefixes", "N", "prefixes a site announces")                                \
	OPTION(NAME, "name", "NAME", "of the lab (default: the only one that runs)")                  \
	OPTION(LIVE, "live", "NAME", "hold the prediction against this running lab")                  \
	OPTION(WATCH, "watch", NULL, "show it again every second")                                    \
	OPTION(ONE_WAY, "one-way", "NODE", "only what this node sends")                               \
	OPTION(FOR, "for", "TIME", "and back up again after this time")                               \
	OPTION(DELAY, "delay", "TIME", "one way")                                                     \
	OPTION(JITTER, "jitter", "TIME", "up to so much more delay, at random")                       \
	OPTION(LOSS, "loss", "SHARE", "of the packets: 0.1%, 5%")                                     \
	OPTION(RATE, "rate", "RATE", "50Mbps, 10Gbps; 0: as fast as it can")                          \
	OPTION(WRITE, "write", "FILE", "to this file instead of standard output (also -w)")           \
	OPTION(HELP, "help", NULL, "this text")

enum option {
#define OPTION_ENUM(constant, name, value, help) OPTION_##constant,
	OPTIONS(OPTION_ENUM)
#undef OPTION_ENUM
		OPTION_COUNT_ALL,
};

#define OPTION_BIT(option) (UINT64_C(1) << OPTION_##option)
// What every verb that brings a network to life takes.
#define OPTIONS_WORLD                                                                    \
	(OPTION_BIT(DOWN) | OPTION_BIT(DOWN_NODE) | OPTION_BIT(EVENT) | OPTION_BIT(AT) |     \
		OPTION_BIT(COLD) | OPTION_BIT(SEED) | OPTION_BIT(CAPTURE) | OPTION_BIT(FILTER) | \
		OPTION_BIT(SNAPLEN))
#define OPTIONS_FLOW \
	(OPTION_BIT(PROTOCOL) | OPTION_BIT(PORT) | OPTION_BIT(SOURCE_PORT) | OPTION_BIT(IPV6))
#define OPTIONS_ALWAYS (OPTION_BIT(FORMAT) | OPTION_BIT(HELP))

struct options {
	const char *positional[OPTIONS_POSITIONAL_MAX];
	size_t positional_count;
	uint64_t given; // bit set of 1 << enum option
	const char *format;
	const char *text[OPTION_COUNT_ALL]; // raw value of each given option, the last one
	long long number[OPTION_COUNT_ALL]; // of N, BYTES and TIME (nanoseconds)
	struct question_flow flow;
	const char *down[OPTIONS_FAULTS_MAX], *down_nodes[OPTIONS_FAULTS_MAX];
	const char *events[OPTIONS_FAULTS_MAX];
	size_t down_count, down_node_count, event_count;
};

struct verb;

// Reads argv[0..argc) behind the verb. 0, or -EINVAL after one line on `errors`.
int options_read(const struct verb *verb, int argc, char **argv, struct options *out, FILE *errors);
static inline bool options_has(const struct options *options, enum option option) {
	return (options->given >> option & 1) != 0;
}
// The option's number, or the default when it was not given.
static inline long long options_number(
	const struct options *options, enum option option, long long otherwise) {
	return options_has(options, option) ? options->number[option] : otherwise;
}
bool options_is_format(const struct options *options, const char *format);
// The help text of a verb.
void options_help(const struct verb *verb, FILE *out);
