#include "world/attach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/packet_format.h"
#include "world/capture.h"
#include "world/world_test_support.h"

#define PAYLOAD_BYTES 100

// a --- r1 --- r2 --- b. The hosts live outside, which is here.
struct outside {
	struct lab lab;
	uint32_t a, b, middle; // ports of the hosts, the link between the routers
	unsigned arrived, pieces;
};

static void take(void *owner, uint32_t port, struct packet *packet) {
	struct outside *outside = owner;
	assert_int_equal(port, outside->b);
	outside->arrived++;
	outside->pieces += packet->piece_bytes != 0 ? 3 : 1;
	packet_put(world_packet_pool(outside->lab.world), packet);
}

static void setup(struct outside *outside, int64_t delay_ns) {
	struct lab *lab = &outside->lab;
	*outside = (struct outside){0};
	lab_begin(lab);
	uint32_t r1 = lab_router(lab, "r1", "site");
	uint32_t r2 = lab_router(lab, "r2", "site");
	outside->a = lab_host(lab, "a", "10.1.0.10/24", "10.1.0.1");
	outside->b = lab_host(lab, "b", "10.2.0.10/24", "10.2.0.1");
	lab_link(lab, outside->a, lab_port(lab, r1, "10.1.0.1/24", 1), 0);
	lab_link(lab, outside->b, lab_port(lab, r2, "10.2.0.1/24", 1), 0);
	outside->middle = lab_link(lab, lab_port(lab, r1, "192.168.0.0/31", 1),
		lab_port(lab, r2, "192.168.0.1/31", 1), delay_ns);
	lab_start(lab, 1);
	world_attach(lab->world, outside->a, take, outside);
	world_attach(lab->world, outside->b, take, outside);
}

// A datagram from a to b or, if it is a train, three of them.
static void inject(struct outside *outside, bool is_train) {
	static const uint8_t payload[3 * PAYLOAD_BYTES];
	struct flow_key key = {.protocol = PROTOCOL_UDP, .source_port = 1, .destination_port = 2};
	struct ip_header ip = {.protocol = PROTOCOL_UDP, .ttl = 9};
	struct packet *packet = packet_get(world_packet_pool(outside->lab.world));
	struct writer out = writer_of(packet_data(packet), PACKET_BYTES_MAX);
	size_t length = is_train ? sizeof(payload) : PAYLOAD_BYTES;
	ip_parse("10.1.0.10", &key.source);
	ip_parse("10.2.0.10", &key.destination);
	ip.source = key.source;
	ip.destination = key.destination;
	ip_header_encode(&out, &ip, UDP_HEADER_BYTES + length);
	udp_encode(&out, &key, payload, length);
	packet->length = (uint32_t)writer_length(&out);
	packet->checksum_due = is_train;
	if (is_train)
		packet->piece_bytes = IPV4_HEADER_BYTES + UDP_HEADER_BYTES + PAYLOAD_BYTES;
	ip_parse("10.1.0.1", &packet->via);
	world_inject(outside->lab.world, outside->a, packet);
}

static void links_without_delay_are_crossed_at_once(void **state) {
	struct outside outside;
	(void)state;

	setup(&outside, 0);
	uint64_t fired = loop_events_fired(outside.lab.loop);
	inject(&outside, false);
	assert_int_equal(outside.arrived, 1);
	assert_int_equal(loop_events_fired(outside.lab.loop), fired);
	lab_end(&outside.lab);
}

static void a_link_with_a_delay_takes_its_time(void **state) {
	struct outside outside;
	(void)state;

	setup(&outside, 5 * MS_NS);
	instant began = loop_now(outside.lab.loop);
	inject(&outside, false);
	loop_run_until(outside.lab.loop, instant_add(began, 5 * MS_NS - 1));
	assert_int_equal(outside.arrived, 0);
	loop_run_until(outside.lab.loop, instant_add(began, 5 * MS_NS));
	assert_int_equal(outside.arrived, 1);
	lab_end(&outside.lab);
}

static void a_train_stays_whole_where_nobody_counts_packets(void **state) {
	struct outside outside;
	(void)state;

	setup(&outside, 5 * MS_NS);
	inject(&outside, true);
	loop_run_until(outside.lab.loop, instant_add(loop_now(outside.lab.loop), 10 * MS_NS));
	assert_int_equal(outside.arrived, 1);
	assert_int_equal(outside.pieces, 3);
	lab_end(&outside.lab);
}

static void a_train_is_cut_where_packets_are_late_or_lost_one_by_one(void **state) {
	static const struct world_quality qualities[] = {
		{.jitter_ns = MS_NS},
		{.loss_millionths = 1},
		{.rate_bits_per_s = 1000000000, .queue_packets = 100},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(qualities) / sizeof(qualities[0]); i++) {
		struct outside outside;
		setup(&outside, 0);
		world_set_quality(outside.lab.world, outside.middle, &qualities[i]);
		inject(&outside, true);
		loop_run_until(outside.lab.loop, instant_add(loop_now(outside.lab.loop), 10 * MS_NS));
		assert_int_equal(outside.arrived, 3);
		assert_int_equal(outside.pieces, 3);
		lab_end(&outside.lab);
	}
}

struct seen {
	unsigned count;
	uint32_t length;
};

static void see(void *owner, const struct capture_packet *packet) {
	struct seen *seen = owner;
	seen->count++;
	seen->length = packet->whole_length;
}

static void who_looks_at_a_link_sees_the_datagrams_of_a_train(void **state) {
	struct outside outside;
	struct seen middle = {0};
	(void)state;

	setup(&outside, 0);
	struct capture_wish wish = {
		.link = outside.middle, .from = TOPO_NONE, .taken = see, .owner = &middle};
	struct capture *capture = capture_start(outside.lab.world, &wish);
	inject(&outside, true);
	assert_int_equal(middle.count, 3);
	assert_int_equal(middle.length, IPV4_HEADER_BYTES + UDP_HEADER_BYTES + PAYLOAD_BYTES);
	assert_int_equal(outside.arrived, 3);
	capture_stop(capture);
	lab_end(&outside.lab);
}

static void each_datagram_of_a_lost_train_is_counted(void **state) {
	struct outside outside;
	(void)state;

	setup(&outside, 0);
	uint32_t r1 = topo_find_node(outside.lab.topo, "r1");
	const uint64_t *drops = world_router(outside.lab.world, r1)->drops;
	world_set_link(outside.lab.world, outside.middle, WORLD_CUT, TOPO_NONE);
	uint64_t before = drops[DROP_LINK_CUT];
	inject(&outside, true);
	assert_int_equal(outside.arrived, 0);
	assert_int_equal(drops[DROP_LINK_CUT] - before, 3);
	lab_end(&outside.lab);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_without_delay_are_crossed_at_once),
		cmocka_unit_test(a_link_with_a_delay_takes_its_time),
		cmocka_unit_test(a_train_stays_whole_where_nobody_counts_packets),
		cmocka_unit_test(a_train_is_cut_where_packets_are_late_or_lost_one_by_one),
		cmocka_unit_test(who_looks_at_a_link_sees_the_datagrams_of_a_train),
		cmocka_unit_test(each_datagram_of_a_lost_train_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
