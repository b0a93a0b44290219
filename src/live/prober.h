// Echoes sent by the kernels of hosts, as ping and traceroute send them: one process asks from many
// network namespaces at once, through a socket that was made inside each.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

struct prober;

struct prober_ask {
	// What is asked.
	uint32_t host; // as prober_add_host() numbered it
	struct ip destination;
	uint8_t ttl;
	// What came of it.
	int64_t rtt_ns; // -1: nobody answered
	struct ip answered_by;
	bool is_reply; // the destination's own; otherwise an ICMP error
	int64_t sent_ns;
};

struct prober *prober_new(void);
void prober_free(struct prober *prober); // NULL is fine

// A host by a descriptor of its namespace, which is closed; its number, or -errno.
int prober_add_host(struct prober *prober, int space);

// Sends all of them, a little apart, and waits for answers until `timeout_ns` after the last was
// sent. 0 or -errno of a socket that failed; a packet the host's kernel refuses is one that nobody
// answers.
#define PROBER_ASKS_MAX (1 << 20)
int prober_run(struct prober *prober, struct prober_ask *asks, size_t count, int64_t timeout_ns);
