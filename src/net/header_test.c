#include "net/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

static const struct flow_key web = {
	.source = {0, IP_V4_MAPPED | 0x0a0a1e04},
	.destination = {0, IP_V4_MAPPED | 0x0a0b1e04},
	.protocol = PROTOCOL_TCP,
	.source_port = 40000,
	.destination_port = 443,
};

static struct flow_key key_with(struct flow_key key, uint8_t protocol, bool is_fragment) {
	key.protocol = protocol;
	key.is_fragment = is_fragment;
	return key;
}

static void a_flow_hashes_by_the_fields_its_protocol_has(void **state) {
	static const struct {
		uint8_t protocol;
		bool is_fragment;
		bool by_ports;
	} cases[] = {
		{PROTOCOL_TCP, false, true},
		{PROTOCOL_UDP, false, true},
		{PROTOCOL_TCP, true, false},
		{PROTOCOL_UDP, true, false},
		{PROTOCOL_ICMP, false, false},
		{PROTOCOL_ICMPV6, false, false},
		{PROTOCOL_ESP, false, false},
		{47, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = key_with(web, cases[i].protocol, cases[i].is_fragment);
		struct flow_key other = key;
		other.source_port++;
		assert_int_equal(flow_hash(&key, 1) != flow_hash(&other, 1), cases[i].by_ports);
		other = key;
		other.destination_port++;
		assert_int_equal(flow_hash(&key, 1) != flow_hash(&other, 1), cases[i].by_ports);
		other = key;
		other.source = ip_next(key.source);
		assert_true(flow_hash(&key, 1) != flow_hash(&other, 1));
		other = key;
		other.destination = ip_next(key.destination);
		assert_true(flow_hash(&key, 1) != flow_hash(&other, 1));
		assert_true(flow_hash(&key, 1) != flow_hash(&key, 2));
	}
}

static void fragments_hash_by_addresses_alone(void **state) {
	struct flow_key udp = key_with(web, PROTOCOL_UDP, true);
	struct flow_key icmp = key_with(web, PROTOCOL_ICMP, true);
	struct flow_key zero = key_with(web, 0, false);
	(void)state;
	assert_true(flow_hash(&udp, 9) == flow_hash(&icmp, 9));
	assert_true(flow_hash(&udp, 9) != flow_hash(&zero, 9));
}

static void icmp_and_esp_hash_by_protocol_too(void **state) {
	struct flow_key icmp = key_with(web, PROTOCOL_ICMP, false);
	struct flow_key esp = key_with(web, PROTOCOL_ESP, false);
	(void)state;
	assert_true(flow_hash(&icmp, 9) != flow_hash(&esp, 9));
}

static void the_way_back_hashes_differently(void **state) {
	struct flow_key back = web;
	(void)state;
	back.source = web.destination;
	back.destination = web.source;
	back.source_port = web.destination_port;
	back.destination_port = web.source_port;
	assert_true(flow_hash(&web, 9) != flow_hash(&back, 9));
}

// Digests of whole runs depend on it: a change here changes every recorded path.
static void the_hash_is_the_same_on_every_machine(void **state) {
	struct flow_key v6 = {
		.source = {UINT64_C(0xfd00000000000000), 1},
		.destination = {UINT64_C(0xfd01000000000000), 2},
		.protocol = PROTOCOL_UDP,
		.source_port = 1,
		.destination_port = 2,
	};
	(void)state;
	assert_true(flow_hash(&web, 1) == UINT64_C(0x03378556b0dc9a9b));
	assert_true(flow_hash(&v6, 1) == UINT64_C(0x9c9393f8d7da3669));
}

static void flip_bit(struct flow_key *key, unsigned bit) {
	if (bit < 32)
		key->source.lo ^= UINT64_C(1) << bit;
	else if (bit < 64)
		key->destination.lo ^= UINT64_C(1) << (bit - 32);
	else if (bit < 80)
		key->source_port ^= (uint16_t)(1U << (bit - 64));
	else
		key->destination_port ^= (uint16_t)(1U << (bit - 80));
}

static void one_changed_bit_changes_half_of_the_hash(void **state) {
	(void)state;
	for (unsigned bit = 0; bit < 96; bit++) {
		unsigned flips[64] = {0};
		enum { ROUNDS = 400 };
		struct random random;
		random_init(&random, bit, "header_test", "avalanche");
		for (unsigned round = 0; round < ROUNDS; round++) {
			struct flow_key key = web;
			key.source = ip_of_v4((uint32_t)random_u64(&random));
			key.destination = ip_of_v4((uint32_t)random_u64(&random));
			key.source_port = (uint16_t)random_u64(&random);
			uint64_t before = flow_hash(&key, 1);
			flip_bit(&key, bit);
			uint64_t change = before ^ flow_hash(&key, 1);
			for (unsigned i = 0; i < 64; i++)
				flips[i] += (unsigned)(change >> i & 1);
		}
		// Six standard deviations of a fair coin: 6 * sqrt(400) / 2.
		for (unsigned i = 0; i < 64; i++)
			assert_in_range(flips[i], ROUNDS / 2 - 60, ROUNDS / 2 + 60);
	}
}

static void consecutive_ports_spread_evenly_over_paths(void **state) {
	(void)state;
	for (unsigned paths = 2; paths <= 8; paths++) {
		unsigned taken[8] = {0};
		unsigned both[8] = {0};
		enum { FLOWS = 8000 };
		for (unsigned i = 0; i < FLOWS; i++) {
			struct flow_key key = web;
			key.source_port = (uint16_t)(40000 + i);
			unsigned path = (unsigned)(flow_hash(&key, 1) % paths);
			taken[path]++;
			// The next router in a row must not repeat the first one's choice.
			if (path == 0)
				both[flow_hash(&key, 2) % paths]++;
		}
		for (unsigned i = 0; i < paths; i++) {
			assert_in_range(taken[i], FLOWS / paths * 85 / 100, FLOWS / paths * 115 / 100);
			assert_in_range(
				both[i], FLOWS / paths / paths * 60 / 100, FLOWS / paths / paths * 140 / 100);
		}
	}
}

// A universe small enough to look at every header: two bits per field, one for the protocol.
#define UNIVERSE (4 * 4 * 2 * 4 * 4)

static struct flow_key universe_key(unsigned index) {
	return (struct flow_key){
		.source = ip_plus((struct ip){5, UINT64_MAX - 1}, index & 3), // carries into `hi`
		.destination = ip_of_v4(index >> 2 & 3),
		.protocol = (uint8_t)(254 + (index >> 4 & 1)),
		.source_port = (uint16_t)(index >> 5 & 3),
		.destination_port = (uint16_t)(65532 + (index >> 7 & 3)),
	};
}

static struct header_box random_box(struct random *random) {
	struct flow_key a = universe_key((unsigned)random_below(random, UNIVERSE));
	struct flow_key b = universe_key((unsigned)random_below(random, UNIVERSE));
	struct header_box box = header_box_of(&a);
	struct header_box other = header_box_of(&b);

	// Sorted field by field, the two corners span a box.
	if (ip_compare(a.source, b.source) < 0)
		box.source_high = other.source_high;
	else
		box.source_low = other.source_low;
	if (ip_compare(a.destination, b.destination) < 0)
		box.destination_high = other.destination_high;
	else
		box.destination_low = other.destination_low;
	if (a.protocol < b.protocol)
		box.protocol_high = b.protocol;
	else
		box.protocol_low = b.protocol;
	if (a.source_port < b.source_port)
		box.source_port_high = b.source_port;
	else
		box.source_port_low = b.source_port;
	if (a.destination_port < b.destination_port)
		box.destination_port_high = b.destination_port;
	else
		box.destination_port_low = b.destination_port;
	return box;
}

static void boxes_subtract_and_intersect_exactly(void **state) {
	struct random random;
	(void)state;
	random_init(&random, 1, "header_test", "boxes");
	for (unsigned round = 0; round < 600; round++) {
		struct header_box a = random_box(&random);
		struct header_box b = random_box(&random);
		struct header_box both = a;
		struct header_box pieces[HEADER_BOX_PIECES];
		size_t count = header_box_subtract(&a, &b, pieces);
		bool overlap = header_box_intersect(&a, &b, &both);
		assert_true(count <= HEADER_BOX_PIECES);
		assert_true(overlap || header_box_equal(&both, &a));
		for (unsigned i = 0; i < UNIVERSE; i++) {
			struct flow_key key = universe_key(i);
			bool in_a = header_box_contains(&a, &key);
			bool in_b = header_box_contains(&b, &key);
			unsigned holding = 0;
			for (size_t piece = 0; piece < count; piece++)
				holding += header_box_contains(&pieces[piece], &key);
			assert_int_equal(holding, in_a && !in_b);
			assert_int_equal(overlap && header_box_contains(&both, &key), in_a && in_b);
		}
	}
}

static void a_box_without_itself_is_nothing(void **state) {
	struct header_box all = header_box_all_v6();
	struct header_box pieces[HEADER_BOX_PIECES];
	(void)state;
	assert_int_equal(header_box_subtract(&all, &all, pieces), 0);
	all = header_box_all_v4();
	assert_int_equal(header_box_subtract(&all, &all, pieces), 0);
	struct header_box one = header_box_of(&web);
	assert_int_equal(header_box_subtract(&one, &all, pieces), 0);
	// A header in the middle of each field's range has both neighbours in each.
	assert_int_equal(header_box_subtract(&all, &one, pieces), HEADER_BOX_PIECES);
}

static void the_families_boxes_do_not_meet(void **state) {
	struct header_box v4 = header_box_all_v4();
	struct header_box v6 = header_box_all_v6();
	struct header_box out;
	(void)state;
	assert_true(header_box_contains(&v4, &web));
	assert_false(header_box_contains(&v6, &web));
	assert_false(header_box_intersect(&v4, &v6, &out));
	assert_true(ip_equal(v6.source_low, ip_next(v4.source_high)));
}

static void the_corner_lies_in_the_box(void **state) {
	struct header_box box = header_box_all_v4();
	struct flow_key key = header_box_corner(&box);
	(void)state;
	assert_true(header_box_contains(&box, &key));
	box = header_box_of(&web);
	key = header_box_corner(&box);
	struct header_box again = header_box_of(&key);
	assert_true(header_box_equal(&box, &again));
}

static void a_box_narrows_to_the_addresses_of_a_prefix(void **state) {
	struct header_box box = header_box_all_v4();
	(void)state;
	header_box_narrow_source(&box, prefix_of(ip_of_v4(0x0a000000), 104));
	header_box_narrow_destination(&box, prefix_of(ip_of_v4(0x0b000000), 120));
	assert_int_equal(ip_v4(box.source_low), 0x0a000000);
	assert_int_equal(ip_v4(box.source_high), 0x0affffff);
	assert_int_equal(ip_v4(box.destination_low), 0x0b000000);
	assert_int_equal(ip_v4(box.destination_high), 0x0b0000ff);
	struct header_box before = box;
	header_box_narrow_source(&box, prefix_default_v4());
	assert_true(header_box_equal(&box, &before));
	box = header_box_all_v6();
	before = box;
	header_box_narrow_destination(&box, prefix_default_v6());
	assert_true(header_box_equal(&box, &before));
}

static void size_is_the_logarithm_of_the_count(void **state) {
	struct header_box box = header_box_of(&web);
	(void)state;
	assert_true(header_box_log2_size(&box) == 0);
	struct header_box all = header_box_all_v4();
	assert_true(header_box_log2_size(&all) == 32 + 32 + 8 + 16 + 16);
	box.source_port_low = 0;
	box.source_port_high = 99; // log2(100) = 6.643856...
	double size = header_box_log2_size(&box);
	assert_true(size > 6.643856 && size < 6.643857);
	box.source_low = IP_NONE;
	box.source_high = (struct ip){UINT64_MAX, UINT64_MAX};
	size = header_box_log2_size(&box);
	assert_true(size > 134.643856 && size < 134.643857);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_hashes_by_the_fields_its_protocol_has),
		cmocka_unit_test(fragments_hash_by_addresses_alone),
		cmocka_unit_test(icmp_and_esp_hash_by_protocol_too),
		cmocka_unit_test(the_way_back_hashes_differently),
		cmocka_unit_test(the_hash_is_the_same_on_every_machine),
		cmocka_unit_test(one_changed_bit_changes_half_of_the_hash),
		cmocka_unit_test(consecutive_ports_spread_evenly_over_paths),
		cmocka_unit_test(boxes_subtract_and_intersect_exactly),
		cmocka_unit_test(a_box_without_itself_is_nothing),
		cmocka_unit_test(the_families_boxes_do_not_meet),
		cmocka_unit_test(the_corner_lies_in_the_box),
		cmocka_unit_test(a_box_narrows_to_the_addresses_of_a_prefix),
		cmocka_unit_test(size_is_the_logarithm_of_the_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
