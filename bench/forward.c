// Forwarding steps a second through one router, against a bare loop over the same packets with the
// same lookup: parse, verify the header checksum, look up, lower the TTL.
#include "forward/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "bench/measure.h"
#include "net/lpm.h"
#include "net/packet_format.h"

#define PREFIXES 10000
#define PACKETS 65536
#define PORTS 16
#define PAYLOAD_BYTES 18 // behind IP and UDP: the smallest Ethernet frame
#define PACKET_BYTES (IPV4_HEADER_BYTES + UDP_HEADER_BYTES + PAYLOAD_BYTES)
#define SLOT_BYTES 64
#define TTL 64
#define ROUNDS 16 // passes over all packets in one timing; fewer than the TTL
#define RUNS 15

static uint8_t wire[PACKETS][SLOT_BYTES];
static uint8_t original[PACKETS][SLOT_BYTES];
static struct prefix prefixes[PREFIXES];

// Lengths as in a routing table: mostly /24, the rest spread from /12 to /32.
static struct prefix random_prefix(struct random *random) {
	unsigned length = random_below(random, 2) == 0 ? 24 : 12 + (unsigned)random_below(random, 21);
	uint32_t address = 0x01000000 + (uint32_t)random_below(random, 0xdf000000 - 0x01000000);
	if (address >> 24 == 127)
		address ^= UINT32_C(0x40000000);
	return prefix_of(ip_of_v4(address), PREFIX_V4_BITS + length);
}

static void make_prefixes(void) {
	struct random random;
	struct lpm *seen = lpm_new();
	random_init(&random, 1, "bench", "prefixes");
	for (size_t count = 0; count < PREFIXES;) {
		struct prefix prefix = random_prefix(&random);
		if (lpm_get(seen, prefix) != LPM_NONE)
			continue;
		lpm_insert(seen, prefix, 0);
		prefixes[count++] = prefix;
	}
	lpm_free(seen);
}

static void make_packets(void) {
	static const uint8_t payload[PAYLOAD_BYTES];
	struct random random;
	random_init(&random, 1, "bench", "packets");
	for (size_t i = 0; i < PACKETS; i++) {
		struct prefix to = prefixes[random_below(&random, PREFIXES)];
		uint64_t span = UINT64_C(1) << (128 - to.bits);
		struct flow_key key = {
			.source = ip_of_v4(0x0a000000 | (uint32_t)random_below(&random, 1 << 24)),
			.destination = ip_plus(to.base, random_below(&random, span)),
			.protocol = PROTOCOL_UDP,
			.source_port = (uint16_t)(1024 + random_below(&random, 60000)),
			.destination_port = (uint16_t)(1024 + random_below(&random, 60000)),
		};
		const struct ip_header header = {
			.source = key.source,
			.destination = key.destination,
			.protocol = PROTOCOL_UDP,
			.ttl = TTL,
			.identification = (uint32_t)i,
		};
		struct writer out = writer_of(original[i], SLOT_BYTES);
		ip_header_encode(&out, &header, UDP_HEADER_BYTES + PAYLOAD_BYTES);
		udp_encode(&out, &key, payload, PAYLOAD_BYTES);
		assert(!out.overflow && writer_length(&out) == PACKET_BYTES);
	}
}

struct bench {
	struct forward forward;
	struct router router;
	struct port ports[PORTS];
	struct port *port_list[PORTS];
	struct lpm *lpm;
	uint64_t sent[PORTS]; // both ways must send the same
};

static void sent(void *owner, struct router *router, struct port *port, struct packet *packet) {
	struct bench *bench = owner;
	(void)router;
	bench->sent[port->id]++;
	packet_put(bench->forward.pool, packet);
}

static void bench_init(struct bench *bench) {
	*bench = (struct bench){.lpm = lpm_new()};
	bench->forward = (struct forward){.pool = packet_pool_new(), .transmit = sent, .owner = bench};
	bench->router = (struct router){
		.name = "bench",
		.is_up = true,
		.forwards = true,
		.decrements_ttl = true,
		.fib = {.own = fib_layer_new()},
		.ports = bench->port_list,
		.port_count = PORTS,
	};
	for (uint32_t i = 0; i < PORTS; i++) {
		bench->ports[i] =
			(struct port){.id = i, .is_up = true, .mtu_bytes = 1500, .fib = &bench->router.fib};
		bench->port_list[i] = &bench->ports[i];
	}
	for (uint32_t i = 0; i < PREFIXES; i++) {
		struct fib_hop hop = {.port = i % PORTS, .via = ip_of_v4(0x0a000001 + i % PORTS)};
		struct fib_route route = {.hop_count = 1, .hops = &hop};
		fib_layer_set(bench->router.fib.own, prefixes[i], &route);
		lpm_insert(bench->lpm, prefixes[i], i % PORTS);
	}
}

static void bench_done(struct bench *bench) {
	fib_layer_unref(bench->router.fib.own);
	lpm_free(bench->lpm);
	packet_pool_free(bench->forward.pool);
}

static void run_forward(struct bench *bench) {
	for (size_t i = 0; i < PACKETS; i++) {
		struct packet *packet = packet_get(bench->forward.pool);
		memcpy(packet_data(packet), wire[i], PACKET_BYTES);
		packet->length = PACKET_BYTES;
		forward_input(
			&bench->forward, &bench->router, &bench->ports[i % PORTS], packet, (instant){0});
	}
}

// What forwarding can't do without, with nothing around it, on the packets where they lie.
static void run_bare(struct bench *bench) {
	for (size_t i = 0; i < PACKETS; i++) {
		uint8_t *bytes = wire[i];
		if (bytes[0] != 0x45 || checksum_fold(checksum_add(0, bytes, IPV4_HEADER_BYTES)) != 0)
			continue;
		if (bytes[8] <= 1)
			continue;
		struct ip destination;
		ip_read_v4(&destination, bytes + 16);
		struct lpm_match match = lpm_lookup(bench->lpm, destination);
		if (match.value == LPM_NONE)
			continue;
		ip_header_decrement_ttl(bytes);
		bench->sent[match.value]++;
	}
}

// Nanoseconds per packet.
static double time_run(struct bench *bench, void (*run)(struct bench *)) {
	memcpy(wire, original, sizeof(wire));
	int64_t began = measure_now_ns();
	for (int round = 0; round < ROUNDS; round++)
		run(bench);
	return (double)(measure_now_ns() - began) / ((double)ROUNDS * PACKETS);
}

static uint64_t take_sent(struct bench *bench) {
	uint64_t total = 0;
	for (size_t i = 0; i < PORTS; i++)
		total += bench->sent[i] * (i + 1);
	memset(bench->sent, 0, sizeof(bench->sent));
	return total;
}

int main(void) {
	static struct bench bench;
	double forward_ns[RUNS], bare_ns[RUNS], ratios[RUNS];
	make_prefixes();
	make_packets();
	bench_init(&bench);
	for (int run = 0; run < RUNS; run++) {
		forward_ns[run] = time_run(&bench, run_forward);
		uint64_t forwarded = take_sent(&bench);
		bare_ns[run] = time_run(&bench, run_bare);
		uint64_t bare = take_sent(&bench);
		assert(forwarded == bare && forwarded >= (uint64_t)ROUNDS * PACKETS);
		ratios[run] = bare_ns[run] / forward_ns[run];
	}
	printf("{\"prefixes\": %d, \"packets\": %d, \"stepsPerSecond\": %.0f, "
		   "\"bareLoopPerSecond\": %.0f, \"ratio\": %.3f}\n",
		PREFIXES, PACKETS, 1e9 / measure_median(forward_ns, RUNS),
		1e9 / measure_median(bare_ns, RUNS), measure_median(ratios, RUNS));
	bench_done(&bench);
	return 0;
}
