#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "live/neighbor.h"
#include "net/packet_format.h"

static const uint8_t host_mac[MAC_BYTES] = {2, 'i', 0, 0, 0, 7};

struct question {
	uint8_t bytes[128];
	size_t length;
};

static struct question arp(uint16_t operation, const uint8_t sender[4], const uint8_t target[4]) {
	struct question question = {.length = 42};
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4};
	memset(question.bytes, 0xff, MAC_BYTES);
	memcpy(question.bytes + 6, host_mac, MAC_BYTES);
	put_u16(question.bytes + 12, 0x0806);
	memcpy(question.bytes + 14, head, sizeof(head));
	put_u16(question.bytes + 20, operation);
	memcpy(question.bytes + 22, host_mac, MAC_BYTES);
	memcpy(question.bytes + 28, sender, 4);
	memcpy(question.bytes + 38, target, 4);
	return question;
}

static struct question solicitation(struct ip source, struct ip target, uint8_t hop_limit) {
	struct question question = {0};
	struct ip group;
	uint8_t payload[24] = {0};
	ip_parse("ff02::1:ff00:1", &group);
	ip_write_v6(target, payload);
	payload[16] = 1;
	payload[17] = 1;
	memcpy(payload + 18, host_mac, MAC_BYTES);
	memcpy(question.bytes, "\x33\x33\xff\x00\x00\x01", MAC_BYTES);
	memcpy(question.bytes + 6, host_mac, MAC_BYTES);
	put_u16(question.bytes + 12, 0x86dd);
	struct writer out = writer_of(question.bytes + 14, sizeof(question.bytes) - 14);
	struct ip_header ip = {
		.source = source, .destination = group, .protocol = PROTOCOL_ICMPV6, .ttl = hop_limit};
	struct flow_key key = {.source = source, .destination = group, .protocol = PROTOCOL_ICMPV6};
	struct icmp_header icmp = {.type = 135};
	ip_header_encode(&out, &ip, ICMP_HEADER_BYTES + sizeof(payload));
	icmp_encode(&out, &key, &icmp, payload, sizeof(payload));
	question.length = 14 + writer_length(&out);
	return question;
}

static void a_question_for_any_address_is_answered_with_the_fabrics_own(void **state) {
	static const uint8_t sender[] = {10, 0, 0, 4}, target[] = {10, 0, 0, 200};
	struct question question = arp(1, sender, target);
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	(void)state;

	assert_int_equal(frame_kind_of(question.bytes, question.length), FRAME_QUESTION);
	assert_int_equal(neighbor_answer(question.bytes, question.length, answer), 42);
	assert_memory_equal(answer, host_mac, MAC_BYTES);
	assert_int_equal(get_u16(answer + 20), 2);
	assert_memory_equal(answer + 22, neighbor_fabric_mac, MAC_BYTES);
	assert_memory_equal(answer + 28, target, 4);
	assert_memory_equal(answer + 38, sender, 4);
}

static void nobody_answers_for_the_hosts_own_address(void **state) {
	static const uint8_t none[4] = {0}, own[] = {10, 0, 0, 4};
	struct question probe = arp(1, none, own);
	struct question announcement = arp(1, own, own);
	struct question reply = arp(2, own, own);
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	(void)state;

	assert_int_equal(neighbor_answer(probe.bytes, probe.length, answer), 0);
	assert_int_equal(neighbor_answer(announcement.bytes, announcement.length, answer), 0);
	assert_int_equal(neighbor_answer(reply.bytes, reply.length, answer), 0);
}

static void a_solicitation_is_answered_by_an_advertisement(void **state) {
	struct ip source, target, from;
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	struct ip_header ip;
	struct icmp_header icmp;
	(void)state;

	ip_parse("fd00::4", &source);
	ip_parse("fd00::1", &target);
	struct question question = solicitation(source, target, 255);
	assert_int_equal(frame_kind_of(question.bytes, question.length), FRAME_QUESTION);
	size_t length = neighbor_answer(question.bytes, question.length, answer);
	assert_int_equal(length, NEIGHBOR_ANSWER_MAX);
	assert_int_equal(ip_header_decode(answer + 14, length - 14, &ip), 0);
	assert_true(ip_equal(ip.source, target));
	assert_true(ip_equal(ip.destination, source));
	assert_int_equal(ip.ttl, 255);
	assert_int_equal(icmp_decode(answer + 54, length - 54, &ip, &icmp), 0);
	assert_int_equal(icmp.type, 136);
	ip_read_v6(&from, answer + 62);
	assert_true(ip_equal(from, target));
	assert_memory_equal(answer + 80, neighbor_fabric_mac, MAC_BYTES);
}

static void a_solicitation_from_afar_or_for_oneself_is_not_answered(void **state) {
	struct ip source, target;
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	(void)state;

	ip_parse("fd00::4", &source);
	ip_parse("fd00::1", &target);
	struct question far = solicitation(source, target, 64);
	struct question own = solicitation(source, source, 255);
	struct question unspecified = solicitation(IP_NONE, target, 255);
	assert_int_equal(neighbor_answer(far.bytes, far.length, answer), 0);
	assert_int_equal(neighbor_answer(own.bytes, own.length, answer), 0);
	assert_int_equal(neighbor_answer(unspecified.bytes, unspecified.length, answer), 0);
}

static void a_frame_cut_short_anywhere_is_not_answered(void **state) {
	static const uint8_t sender[] = {10, 0, 0, 4}, target[] = {10, 0, 0, 200};
	struct ip source, asked;
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	(void)state;

	ip_parse("fd00::4", &source);
	ip_parse("fd00::1", &asked);
	struct question questions[] = {arp(1, sender, target), solicitation(source, asked, 255)};
	for (size_t q = 0; q < 2; q++) {
		for (size_t length = 0; length < questions[q].length; length++)
			assert_int_equal(neighbor_answer(questions[q].bytes, length, answer), 0);
	}
}

static void only_unicast_packets_are_carried(void **state) {
	static const struct {
		uint8_t first_byte;
		uint16_t type;
		size_t length;
		enum frame_kind kind;
	} cases[] = {
		{0x12, 0x0800, 60, FRAME_PACKET},
		{0x12, 0x86dd, 60, FRAME_PACKET},
		{0x33, 0x86dd, 60, FRAME_OTHER}, // a multicast
		{0xff, 0x0800, 60, FRAME_OTHER}, // a broadcast
		{0x12, 0x88cc, 60, FRAME_OTHER}, // LLDP
		{0x12, 0x0800, 33, FRAME_OTHER}, // not even an IPv4 header
		{0xff, 0x0806, 60, FRAME_QUESTION},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[60] = {cases[i].first_byte};
		put_u16(frame + 12, cases[i].type);
		assert_int_equal(frame_kind_of(frame, cases[i].length), cases[i].kind);
	}
}

static struct ip address(const char *text) {
	struct ip parsed;
	assert_int_equal(ip_parse(text, &parsed), 0);
	return parsed;
}

static void assert_ip(struct ip found, const char *expected) {
	char text[IP_TEXT_BYTES];
	assert_string_equal(ip_format(found, text), expected);
}

static void the_fabrics_own_question_is_one_that_it_would_answer(void **state) {
	static const struct {
		const char *target, *source;
		size_t length;
	} cases[] = {{"10.0.0.4", "10.0.0.1", 42}, {"fd00::1:4", NULL, 86}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[NEIGHBOR_ANSWER_MAX], answer[NEIGHBOR_ANSWER_MAX];
		struct ip source = cases[i].source != NULL ? address(cases[i].source) : IP_NONE;
		size_t length = neighbor_ask(address(cases[i].target), source, frame);
		assert_int_equal(length, cases[i].length);
		assert_int_equal(frame_kind_of(frame, length), FRAME_QUESTION);
		struct neighbor_news news = neighbor_read(frame, length);
		assert_ip(news.target, cases[i].target);
		assert_memory_equal(news.mac, neighbor_fabric_mac, MAC_BYTES);
		if (cases[i].source != NULL)
			assert_ip(news.sender, cases[i].source);
		else
			assert_ip(news.sender, "fe80::1034:56ff:fe78:9abc");
		// The answer says who has it.
		size_t bytes = neighbor_answer(frame, length, answer);
		news = neighbor_read(answer, bytes);
		assert_ip(news.sender, cases[i].target);
		assert_true(ip_is_none(news.target));
	}
	// Nobody to ask for: 0.0.0.0 is a sender that gets no answer from us, and tells nothing.
	uint8_t probe[NEIGHBOR_ANSWER_MAX];
	size_t length = neighbor_ask(address("10.0.0.4"), IP_NONE, probe);
	assert_true(ip_is_none(neighbor_read(probe, length).sender));
}

static void an_advertisement_without_its_option_tells_by_the_frame(void **state) {
	(void)state;
	uint8_t frame[NEIGHBOR_ANSWER_MAX], payload[16];
	struct ip host = address("fd00::4"), fabric = address("fe80::1");
	neighbor_write_header(frame, neighbor_fabric_mac, 0x60);
	memcpy(frame + MAC_BYTES, host_mac, MAC_BYTES);
	ip_write_v6(host, payload);
	struct writer out = writer_of(frame + 14, sizeof(frame) - 14);
	struct ip_header ip = {
		.source = host, .destination = fabric, .protocol = PROTOCOL_ICMPV6, .ttl = 255};
	struct flow_key key = {.source = host, .destination = fabric, .protocol = PROTOCOL_ICMPV6};
	struct icmp_header icmp = {.type = 136};
	ip_header_encode(&out, &ip, ICMP_HEADER_BYTES + sizeof(payload));
	icmp_encode(&out, &key, &icmp, payload, sizeof(payload));
	size_t length = 14 + writer_length(&out);
	struct neighbor_news news = neighbor_read(frame, length);
	assert_ip(news.sender, "fd00::4");
	assert_memory_equal(news.mac, host_mac, MAC_BYTES);
	for (size_t cut = 0; cut < length; cut++)
		assert_true(ip_is_none(neighbor_read(frame, cut).sender));
	frame[14 + 7] = 64; // not from next door
	assert_true(ip_is_none(neighbor_read(frame, length).sender));
}

static void an_address_that_is_on_no_wire_is_nobodys(void **state) {
	(void)state;
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	struct question question = solicitation(address("fd00::4"), address("::ffff:0:ff00:4"), 255);
	assert_int_not_equal(neighbor_answer(question.bytes, question.length, answer), 0);
	// Two words that change places leave the checksum as it is: now it is ::ffff:255.0.0.4.
	uint8_t *target = question.bytes + 14 + IPV6_HEADER_BYTES + ICMP_HEADER_BYTES;
	memcpy(target + 8, "\0\0\xff\xff", 4);
	assert_int_equal(neighbor_answer(question.bytes, question.length, answer), 0);
	assert_true(ip_is_none(neighbor_read(question.bytes, question.length).sender));
}

static void a_device_tells_of_itself_by_asking(void **state) {
	static const uint8_t sender[] = {10, 0, 0, 4}, target[] = {10, 0, 0, 1};
	(void)state;
	struct question question = arp(1, sender, target);
	struct neighbor_news news = neighbor_read(question.bytes, question.length);
	assert_ip(news.sender, "10.0.0.4");
	assert_ip(news.target, "10.0.0.1");
	assert_memory_equal(news.mac, host_mac, MAC_BYTES);
	question = arp(2, sender, target);
	assert_true(ip_is_none(neighbor_read(question.bytes, question.length).target));
	question = arp(3, sender, target); // RARP
	assert_true(ip_is_none(neighbor_read(question.bytes, question.length).sender));
	assert_true(ip_is_none(neighbor_read(question.bytes, 41).sender));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fabrics_own_question_is_one_that_it_would_answer),
		cmocka_unit_test(an_advertisement_without_its_option_tells_by_the_frame),
		cmocka_unit_test(an_address_that_is_on_no_wire_is_nobodys),
		cmocka_unit_test(a_device_tells_of_itself_by_asking),
		cmocka_unit_test(a_question_for_any_address_is_answered_with_the_fabrics_own),
		cmocka_unit_test(nobody_answers_for_the_hosts_own_address),
		cmocka_unit_test(a_solicitation_is_answered_by_an_advertisement),
		cmocka_unit_test(a_solicitation_from_afar_or_for_oneself_is_not_answered),
		cmocka_unit_test(a_frame_cut_short_anywhere_is_not_answered),
		cmocka_unit_test(only_unicast_packets_are_carried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
