#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "forward/segment.h"
#include "live/offload.h"
#include "net/packet_format.h"

#define FRONT 14 // Ethernet's header, from which the kernel counts

// A TCP or UDP packet as a kernel with offloads hands it out: the checksum is only begun.
static struct packet *begun(struct packet_pool *pool, uint8_t protocol, size_t payload_bytes) {
	struct packet *packet = packet_get(pool);
	struct ip source, destination;
	uint8_t bytes[20 + 8000] = {0};
	size_t header = protocol == PROTOCOL_TCP ? 20 : 8;
	size_t length = header + payload_bytes;
	ip_parse("10.0.0.1", &source);
	ip_parse("10.0.0.2", &destination);
	memset(bytes + header, 'x', payload_bytes);
	uint16_t sum =
		(uint16_t)~checksum_fold(checksum_pseudo(source, destination, protocol, (uint32_t)length));
	if (protocol == PROTOCOL_TCP) {
		bytes[12] = 5 << 4;
		bytes[13] = 0x19; // FIN, PSH, ACK
		put_u16(bytes + 16, sum);
	} else {
		put_u16(bytes + 4, (uint16_t)length);
		put_u16(bytes + 6, sum);
	}
	struct ip_header ip = {
		.source = source, .destination = destination, .protocol = protocol, .ttl = 64};
	struct writer out = writer_of(packet_data(packet), PACKET_BYTES_MAX);
	ip_header_encode(&out, &ip, length);
	write_bytes(&out, bytes, length);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

static struct virtio_net_hdr header_of(uint8_t protocol, uint8_t type, uint16_t size) {
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = type,
		.gso_size = size,
		.csum_start = FRONT + IPV4_HEADER_BYTES,
		.csum_offset = protocol == PROTOCOL_TCP ? 16 : 6,
	};
}

static bool is_correct(struct packet *packet, uint8_t protocol) {
	struct ip_header ip;
	const uint8_t *bytes = packet_data(packet);
	return ip_header_decode(bytes, packet->length, &ip) == 0 && ip.total_bytes == packet->length &&
		checksum_transport(ip.source, ip.destination, protocol, bytes + ip.header_bytes,
			packet->length - ip.header_bytes) == 0;
}

static void a_begun_checksum_is_completed_by_whoever_needs_it(void **state) {
	static const uint8_t protocols[] = {PROTOCOL_TCP, PROTOCOL_UDP};
	struct packet_pool *pool = packet_pool_new();
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct packet *packet = begun(pool, protocols[i], 100);
		struct virtio_net_hdr header = header_of(protocols[i], VIRTIO_NET_HDR_GSO_NONE, 0);
		assert_int_equal(offload_read(&header, packet), 0);
		assert_true(packet->checksum_due);
		assert_false(is_correct(packet, protocols[i]));
		packet_finish_checksum(packet);
		assert_true(is_correct(packet, protocols[i]));
		packet_put(pool, packet);
	}
	packet_pool_free(pool);
}

static void a_large_segment_is_cut_into_correct_pieces(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = begun(pool, PROTOCOL_TCP, 2500);
	struct virtio_net_hdr header = header_of(PROTOCOL_TCP, VIRTIO_NET_HDR_GSO_TCPV4, 1000);
	static const uint8_t flags[] = {0x10, 0x10, 0x19}; // what ends the stream is said at its end
	uint32_t sequence = 0;
	(void)state;

	assert_int_equal(offload_read(&header, packet), 0);
	assert_int_equal(packet_wire_bytes(packet), 1040);
	struct packet *piece = packet_cut(pool, packet);
	for (size_t i = 0; i < 3; i++) {
		assert_non_null(piece);
		assert_true(packet_is_finished(piece));
		assert_true(is_correct(piece, PROTOCOL_TCP));
		assert_int_equal(get_u32(packet_data(piece) + 24), sequence);
		assert_int_equal(packet_data(piece)[33], flags[i]);
		sequence += piece->length - 40;
		struct packet *next = piece->next;
		packet_put(pool, piece);
		piece = next;
	}
	assert_null(piece);
	assert_int_equal(sequence, 2500);
	packet_pool_free(pool);
}

static void a_packet_goes_out_as_it_came_in(void **state) {
	static const struct virtio_net_hdr none = {0};
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = begun(pool, PROTOCOL_TCP, 2500);
	struct virtio_net_hdr in = header_of(PROTOCOL_TCP, VIRTIO_NET_HDR_GSO_TCPV4, 1000);
	struct virtio_net_hdr out;
	(void)state;

	assert_int_equal(offload_read(&in, packet), 0);
	offload_write(packet, &out);
	assert_int_equal(out.gso_type, in.gso_type);
	assert_int_equal(out.gso_size, in.gso_size);
	assert_int_equal(out.csum_start, in.csum_start);
	assert_int_equal(out.csum_offset, in.csum_offset);
	packet->piece_bytes = 0;
	packet->checksum_due = false;
	assert_int_equal(offload_read(&none, packet), 0);
	offload_write(packet, &out);
	assert_memory_equal(&out, &none, sizeof(out));
	packet_put(pool, packet);
	packet_pool_free(pool);
}

static void what_no_kernel_says_is_refused(void **state) {
	struct packet_pool *pool = packet_pool_new();
	static const struct virtio_net_hdr headers[] = {
		// A large segment of no size, of another family, without a begun checksum, of UDP.
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 0, 0, 34, 16},
		{1, VIRTIO_NET_HDR_GSO_TCPV6, 0, 1000, 34, 16},
		{0, VIRTIO_NET_HDR_GSO_TCPV4, 0, 1000, 0, 0},
		{1, VIRTIO_NET_HDR_GSO_UDP, 0, 1000, 34, 16},
		// Pieces that no length field could tell.
		{1, VIRTIO_NET_HDR_GSO_TCPV4, 0, 65535, 34, 16},
		// A checksum outside of the packet.
		{1, VIRTIO_NET_HDR_GSO_NONE, 0, 0, 60000, 16},
		{1, VIRTIO_NET_HDR_GSO_NONE, 0, 0, 34, 60000},
		{1, VIRTIO_NET_HDR_GSO_NONE, 0, 0, 2, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct packet *packet = begun(pool, PROTOCOL_TCP, 2500);
		if (offload_read(&headers[i], packet) == 0)
			fail_msg("header %zu was taken", i);
		packet_put(pool, packet);
	}
	packet_pool_free(pool);
}

static void a_packet_cut_short_anywhere_is_refused_or_harmless(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *whole = begun(pool, PROTOCOL_TCP, 2500);
	struct virtio_net_hdr header = header_of(PROTOCOL_TCP, VIRTIO_NET_HDR_GSO_TCPV4, 1000);
	(void)state;

	for (uint32_t length = 0; length < whole->length; length++) {
		struct packet *part = packet_copy(pool, whole);
		part->length = length;
		if (offload_read(&header, part) == 0) {
			assert_true(length >= 40);
			for (struct packet *piece = packet_cut(pool, part); piece != NULL;) {
				struct packet *next = piece->next;
				packet_put(pool, piece);
				piece = next;
			}
		} else {
			assert_true(length < 40);
			packet_put(pool, part);
		}
	}
	packet_put(pool, whole);
	packet_pool_free(pool);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_begun_checksum_is_completed_by_whoever_needs_it),
		cmocka_unit_test(a_large_segment_is_cut_into_correct_pieces),
		cmocka_unit_test(a_packet_goes_out_as_it_came_in),
		cmocka_unit_test(what_no_kernel_says_is_refused),
		cmocka_unit_test(a_packet_cut_short_anywhere_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
