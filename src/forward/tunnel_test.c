#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"
#include "forward/tunnel.h"
#include "forward/tunnel_int.h"

struct pair {
	struct packet_pool *pool;
	struct tunnel *a, *b;
};

static struct tunnel_keys keys_of(uint8_t seed) {
	struct tunnel_keys keys = {.inbound_spi = 0x1000u + seed, .outbound_spi = 0x2000u + seed};
	memset(keys.inbound_key, seed, ESP_KEY_BYTES);
	memset(keys.outbound_key, seed + 100, ESP_KEY_BYTES);
	return keys;
}

static struct tunnel_keys keys_turned(struct tunnel_keys keys) {
	struct tunnel_keys turned = {
		.inbound_spi = keys.outbound_spi, .outbound_spi = keys.inbound_spi};
	memcpy(turned.inbound_key, keys.outbound_key, ESP_KEY_BYTES);
	memcpy(turned.outbound_key, keys.inbound_key, ESP_KEY_BYTES);
	return turned;
}

static void pair_install(struct pair *pair, uint8_t seed) {
	const struct tunnel_keys keys = keys_of(seed);
	const struct tunnel_keys turned = keys_turned(keys);
	tunnel_install(pair->a, &keys);
	tunnel_install(pair->b, &turned);
}

static void pair_open(struct pair *pair, bool is_v6, bool null_cipher) {
	struct tunnel_config config = {.local = v4(1, 1, 1, 1), .remote = v4(2, 2, 2, 2)};
	if (is_v6) {
		config.local = (struct ip){UINT64_C(0x20010db8) << 32, 1};
		config.remote = (struct ip){UINT64_C(0x20010db8) << 32, 2};
	}
	config.null_cipher = null_cipher;
	pair->pool = packet_pool_new();
	pair->a = tunnel_new(&config);
	struct ip local = config.local;
	config.local = config.remote;
	config.remote = local;
	pair->b = tunnel_new(&config);
	pair_install(pair, 1);
}

static void pair_close(struct pair *pair) {
	tunnel_free(pair->a);
	tunnel_free(pair->b);
	packet_pool_free(pair->pool);
}

static struct packet *inner(struct pair *pair, size_t payload_bytes) {
	struct packet *packet = packet_get(pair->pool);
	const struct ip_header header = {.source = v4(10, 0, 0, 1),
		.destination = v4(10, 0, 0, 2),
		.protocol = 253,
		.ttl = 7,
		.traffic_class = 0xb9,
		.dont_fragment = true};
	struct writer out = writer_of(packet_data(packet), PACKET_ROOM - packet->start);
	ip_header_encode(&out, &header, payload_bytes);
	for (size_t i = 0; i < payload_bytes; i++)
		write_u8(&out, (uint8_t)i);
	assert_false(out.overflow);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

static void what_goes_in_comes_out_for_every_length_and_kind(void **state) {
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct pair pair;
		pair_open(&pair, (kind & 1) != 0, (kind & 2) != 0);
		for (size_t length = 0; length < 70; length++) {
			struct packet *packet = inner(&pair, length);
			struct packet *before = packet_copy(pair.pool, packet);
			assert_int_equal(tunnel_encapsulate(pair.a, packet, 5), 0);
			assert_true(packet->length <= before->length + tunnel_overhead_bytes(pair.a));
			struct ip_header outer;
			assert_int_equal(ip_header_decode(packet_data(packet), packet->length, &outer), 0);
			assert_int_equal(outer.protocol, PROTOCOL_ESP);
			assert_int_equal(outer.ttl, 64);
			assert_int_equal(outer.traffic_class, 0xb8);
			assert_int_equal(outer.dont_fragment, (kind & 1) != 0);
			assert_int_equal((outer.total_bytes - outer.header_bytes) % 4, 0);
			assert_int_equal(get_u32(packet_data(packet) + outer.header_bytes), 0x2001);
			assert_int_equal(get_u32(packet_data(packet) + outer.header_bytes + 4), length + 1);
			bool is_clear = memcmp(packet_data(packet) + outer.header_bytes + 16,
								packet_data(before), before->length) == 0;
			assert_int_equal(is_clear, (kind & 2) != 0);
			assert_int_equal(tunnel_decapsulate(pair.b, packet), 0);
			assert_int_equal(packet->length, before->length);
			assert_memory_equal(packet_data(packet), packet_data(before), before->length);
			packet_put(pair.pool, packet);
			packet_put(pair.pool, before);
		}
		assert_int_equal(tunnel_counters(pair.a)->packets_out, 70);
		assert_int_equal(tunnel_counters(pair.b)->packets_in, 70);
		assert_int_equal(tunnel_counters(pair.b)->bytes_in, tunnel_counters(pair.a)->bytes_out);
		pair_close(&pair);
	}
}

static enum drop open_drop(struct tunnel *tunnel, struct packet *packet) {
	int result = tunnel_decapsulate(tunnel, packet);
	assert_true(result < 0);
	return tunnel_drop(result);
}

static void any_changed_bit_behind_the_spi_is_caught(void **state) {
	(void)state;
	for (int null_cipher = 0; null_cipher < 2; null_cipher++) {
		struct pair pair;
		pair_open(&pair, false, null_cipher != 0);
		struct packet *packet = inner(&pair, 9);
		assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
		for (size_t bit = 24 * 8; bit < packet->length * 8; bit++) {
			struct packet *changed = packet_copy(pair.pool, packet);
			packet_data(changed)[bit / 8] ^= (uint8_t)(1 << bit % 8);
			enum drop drop = open_drop(pair.b, changed);
			// A flipped sequence number may also fall out of the window.
			if (bit < 28 * 8)
				assert_true(drop == DROP_ESP_BAD_TAG || drop == DROP_ESP_REPLAYED);
			else
				assert_int_equal(drop, DROP_ESP_BAD_TAG);
			packet_put(pair.pool, changed);
		}
		// None of the forgeries moved the window.
		assert_int_equal(tunnel_decapsulate(pair.b, packet), 0);
		packet_put(pair.pool, packet);
		pair_close(&pair);
	}
}

static void a_packet_cut_anywhere_is_refused(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	struct packet *packet = inner(&pair, 9);
	assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
	for (uint32_t length = 0; length < packet->length; length++) {
		struct packet *cut = packet_copy(pair.pool, packet);
		cut->length = length;
		assert_int_equal(open_drop(pair.b, cut), DROP_MALFORMED);
		if (length >= 20) { // with a length field that agrees
			uint8_t *bytes = packet_data(cut);
			put_u16(bytes + 2, (uint16_t)length);
			put_u16(bytes + 10, 0);
			put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, 20)));
			enum drop drop = open_drop(pair.b, cut);
			assert_int_equal(drop, length < 20 + 34 ? DROP_MALFORMED : DROP_ESP_BAD_TAG);
		}
		packet_put(pair.pool, cut);
	}
	packet_put(pair.pool, packet);
	pair_close(&pair);
}

static void a_packet_played_again_is_refused_and_a_late_one_is_not(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	struct packet *first = inner(&pair, 1);
	assert_int_equal(tunnel_encapsulate(pair.a, first, 0), 0);
	struct packet *second = inner(&pair, 1);
	assert_int_equal(tunnel_encapsulate(pair.a, second, 0), 0);
	struct packet *again = packet_copy(pair.pool, second);
	assert_int_equal(tunnel_decapsulate(pair.b, second), 0);
	assert_int_equal(open_drop(pair.b, again), DROP_ESP_REPLAYED);
	assert_int_equal(tunnel_decapsulate(pair.b, first), 0);
	packet_put(pair.pool, first);
	packet_put(pair.pool, second);
	packet_put(pair.pool, again);
	pair_close(&pair);
}

static void new_keys_send_at_once_and_old_ones_receive_until_retired(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	struct packet *old[3];
	for (int i = 0; i < 3; i++) {
		old[i] = inner(&pair, 1);
		assert_int_equal(tunnel_encapsulate(pair.a, old[i], 0), 0);
	}
	assert_int_equal(tunnel_decapsulate(pair.b, old[0]), 0);
	pair_install(&pair, 2);
	assert_true(tunnel_has_inbound_spi(pair.b, 0x2001) && tunnel_has_inbound_spi(pair.b, 0x2002));
	struct packet *packet = inner(&pair, 1);
	assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
	assert_int_equal(get_u32(packet_data(packet) + 20), 0x2002);
	assert_int_equal(get_u32(packet_data(packet) + 24), 1);
	assert_int_equal(tunnel_decapsulate(pair.b, packet), 0);
	assert_int_equal(tunnel_decapsulate(pair.b, old[1]), 0);
	tunnel_retire_old(pair.b);
	assert_int_equal(open_drop(pair.b, old[2]), DROP_ESP_UNKNOWN_SPI);
	for (int i = 0; i < 3; i++)
		packet_put(pair.pool, old[i]);
	packet_put(pair.pool, packet);
	pair_close(&pair);
}

static void the_same_keys_again_do_not_start_the_numbers_anew(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	for (uint32_t i = 1; i <= 2; i++) {
		struct packet *packet = inner(&pair, 1);
		assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
		assert_int_equal(get_u32(packet_data(packet) + 24), i);
		packet_put(pair.pool, packet);
		pair_install(&pair, 1);
	}
	pair_close(&pair);
}

static void without_keys_it_is_down(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	assert_true(tunnel_is_up(pair.a));
	tunnel_remove_keys(pair.a);
	assert_false(tunnel_is_up(pair.a));
	struct packet *packet = inner(&pair, 1);
	int result = tunnel_encapsulate(pair.a, packet, 0);
	assert_int_equal(tunnel_drop(result), DROP_TUNNEL_DOWN);
	packet_put(pair.pool, packet);
	pair_close(&pair);
}

static void the_low_half_of_the_number_may_wrap(void **state) {
	(void)state;
	const uint8_t key[ESP_KEY_BYTES] = {1, 2, 3};
	struct association sender, receiver;
	association_init(&sender, 77, key);
	association_init(&receiver, 77, key);
	sender.sent = UINT64_C(0xffffffff) - 3;
	receiver.replay.top = sender.sent;
	for (int i = 0; i < 8; i++) {
		uint8_t bytes[4 + 16 + 8 + ESP_ICV_BYTES] = {0};
		const struct esp esp = {bytes + 4, 24, i % 2 == 0};
		esp_seal(&sender, &esp);
		assert_int_equal(
			get_u32(bytes + 8), (uint32_t)(UINT64_C(0xffffffff) - 3 + 1 + (unsigned)i));
		assert_int_equal(esp_open(&receiver, &esp), 0);
	}
	assert_true(receiver.replay.top == UINT64_C(0x100000004));
	association_done(&sender);
	association_done(&receiver);
}

// The high half is authenticated though it is not sent: a receiver one block off refuses.
static void a_wrong_high_half_does_not_verify(void **state) {
	(void)state;
	const uint8_t key[ESP_KEY_BYTES] = {1, 2, 3};
	for (int null_cipher = 0; null_cipher < 2; null_cipher++) {
		struct association sender, receiver;
		association_init(&sender, 77, key);
		association_init(&receiver, 77, key);
		receiver.replay.top = UINT64_C(0x500000000);
		uint8_t bytes[4 + 16 + 8 + ESP_ICV_BYTES] = {0};
		const struct esp esp = {bytes + 4, 24, null_cipher != 0};
		esp_seal(&sender, &esp);
		assert_int_equal(tunnel_drop(esp_open(&receiver, &esp)), DROP_ESP_BAD_TAG);
		association_done(&sender);
		association_done(&receiver);
	}
}

// Put together by hand from RFC 4106 and plain AES-GCM, so that seal and open can't agree on a
// mistake of their own.
static void the_bytes_are_those_of_rfc_4106(void **state) {
	(void)state;
	uint8_t key[ESP_KEY_BYTES];
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7);
	struct association sa;
	association_init(&sa, 0x01020304, key);
	sa.sent = UINT64_C(0x500000006);
	uint8_t bytes[4 + 16 + 8 + ESP_ICV_BYTES];
	memset(bytes, 0xee, sizeof(bytes));
	memcpy(bytes + 20, "payload\4", 8);
	esp_seal(&sa, &(struct esp){bytes + 4, 24, false});

	const uint8_t front[20] = {
		0xee, 0xee, 0xee, 0xee, 1, 2, 3, 4, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 7};
	const uint8_t associated[12] = {1, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0, 7};
	uint8_t nonce[12];
	memcpy(nonce, key + 32, 4);
	memcpy(nonce + 4, front + 12, 8);
	uint8_t text[8] = "payload\4";
	uint8_t tag[16];
	struct aead *aead = aead_new(key);
	aead_seal(aead, &(struct aead_text){nonce, associated, sizeof(associated), text, 8, tag});
	assert_memory_equal(bytes, front, sizeof(front));
	assert_memory_equal(bytes + 20, text, 8);
	assert_memory_equal(bytes + 28, tag, 16);
	aead_free(aead);
	association_done(&sa);
}

static void a_ttl_reset_starts_the_inner_ttl_anew_with_a_right_checksum(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, false, false);
	struct tunnel_config config = *tunnel_config(pair.a);
	config.inner_ttl_reset = 255;
	tunnel_free(pair.a);
	pair.a = tunnel_new(&config);
	const struct tunnel_keys keys = keys_of(1);
	tunnel_install(pair.a, &keys);
	struct packet *packet = inner(&pair, 4);
	assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
	assert_int_equal(tunnel_decapsulate(pair.b, packet), 0);
	struct ip_header header;
	assert_int_equal(ip_header_decode(packet_data(packet), packet->length, &header), 0);
	assert_int_equal(header.ttl, 255);
	packet_put(pair.pool, packet);
	pair_close(&pair);
}

// Headroom runs out after two tunnels; the bytes then move, until the packet is as large as a
// packet can be.
static void tunnels_in_tunnels_find_room(void **state) {
	(void)state;
	struct pair pair;
	pair_open(&pair, true, false);
	struct packet *packet = inner(&pair, 100);
	struct packet *before = packet_copy(pair.pool, packet);
	for (int i = 0; i < 10; i++)
		assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(tunnel_decapsulate(pair.b, packet), 0);
	assert_int_equal(packet->length, before->length);
	assert_memory_equal(packet_data(packet), packet_data(before), before->length);
	packet_put(pair.pool, packet);
	packet_put(pair.pool, before);
	packet = inner(&pair, PACKET_BYTES_MAX - 20 - tunnel_overhead_bytes(pair.a));
	assert_int_equal(tunnel_encapsulate(pair.a, packet, 0), 0);
	int result = tunnel_encapsulate(pair.a, packet, 0);
	assert_int_equal(tunnel_drop(result), DROP_MTU);
	packet_put(pair.pool, packet);
	pair_close(&pair);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_for_every_length_and_kind),
		cmocka_unit_test(any_changed_bit_behind_the_spi_is_caught),
		cmocka_unit_test(a_packet_cut_anywhere_is_refused),
		cmocka_unit_test(a_packet_played_again_is_refused_and_a_late_one_is_not),
		cmocka_unit_test(new_keys_send_at_once_and_old_ones_receive_until_retired),
		cmocka_unit_test(the_same_keys_again_do_not_start_the_numbers_anew),
		cmocka_unit_test(without_keys_it_is_down),
		cmocka_unit_test(the_low_half_of_the_number_may_wrap),
		cmocka_unit_test(a_wrong_high_half_does_not_verify),
		cmocka_unit_test(the_bytes_are_those_of_rfc_4106),
		cmocka_unit_test(a_ttl_reset_starts_the_inner_ttl_anew_with_a_right_checksum),
		cmocka_unit_test(tunnels_in_tunnels_find_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
