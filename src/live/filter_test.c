// Expressions in libpcap's language against libpcap's own word for which packets they match.
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "live/filter.h"
#include "net/packet_format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PACKET_BYTES 128

struct sample {
	uint8_t bytes[PACKET_BYTES];
	uint32_t length;
};

static struct ip ip(const char *text) {
	struct ip address;
	assert_int_equal(ip_parse(text, &address), 0);
	return address;
}

static struct sample udp(const char *from, const char *to, uint16_t port) {
	struct sample sample = {.length = 0};
	struct writer out = writer_of(sample.bytes, sizeof(sample.bytes));
	struct flow_key key = {.source = ip(from),
		.destination = ip(to),
		.protocol = PROTOCOL_UDP,
		.source_port = 40000,
		.destination_port = port};
	struct ip_header header = {
		.source = key.source, .destination = key.destination, .protocol = PROTOCOL_UDP, .ttl = 7};
	ip_header_encode(&out, &header, UDP_HEADER_BYTES + 4);
	udp_encode(&out, &key, "abcd", 4);
	sample.length = (uint32_t)writer_length(&out);
	return sample;
}

static struct sample other(uint8_t protocol, uint16_t fragment_offset) {
	static const uint8_t payload[] = {
		0, 80, 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 1, 0, 0, 0, 0, 0};
	struct sample sample = {.length = 0};
	struct writer out = writer_of(sample.bytes, sizeof(sample.bytes));
	struct ip_header header = {.source = ip("10.1.0.1"),
		.destination = ip("10.2.0.2"),
		.protocol = protocol,
		.ttl = 64,
		.fragment_offset = fragment_offset};
	ip_header_encode(&out, &header, sizeof(payload));
	write_bytes(&out, payload, sizeof(payload));
	sample.length = (uint32_t)writer_length(&out);
	return sample;
}

static const char *const expressions[] = {
	"",
	"ip",
	"ip6",
	"icmp",
	"tcp",
	"udp",
	"esp",
	"ip proto 50",
	"tcp port 80",
	"port 3784",
	"src port 40000",
	"portrange 3000-4000",
	"host 10.1.0.1",
	"src host 10.1.0.1",
	"dst net 10.2.0.0/16",
	"not net 10.0.0.0/8",
	"net fd00::/8",
	"host fd00::2 and udp",
	"tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)",
	"tcp[13] & 4 != 0",
	"ip[8] < 10",
	"udp[4:2] = 12",
	"ip6[7] = 7",
	"ip[6:2] & 0x1fff != 0",
	"less 33",
	"greater 41",
	"len % 8 = 0",
	"(len << 2) / 3 > 40",
	"udp and (port 53 or port 3784) and not host 10.1.0.9",
	"ip[ip[0] & 15] >= 0",
	"udp[ip[0] / udp[60]] = 1",
	"icmp[icmptype] = icmp-echo",
	"tcp[200] = 1",
};

static void an_expression_matches_what_libpcap_says(void **state) {
	(void)state;
	const struct sample samples[] = {
		udp("10.1.0.1", "10.2.0.2", 3784),
		udp("fd00::1", "fd00::2", 53),
		udp("172.16.0.1", "10.1.0.9", 53),
		other(PROTOCOL_TCP, 0),
		other(PROTOCOL_TCP, 64),
		other(PROTOCOL_ESP, 0),
		other(PROTOCOL_ICMP, 0),
		{.bytes = {0x45, 0, 0, 1}, .length = 4},
		{.length = 0},
	};
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW);
	if (library == NULL)
		skip();
	__typeof__(pcap_offline_filter) *judge;
	void *address = dlsym(library, "pcap_offline_filter");
	memcpy(&judge, &address, sizeof(address));
	size_t matched = 0;
	for (size_t e = 0; e < COUNT(expressions); e++) {
		struct bpf_filter filter;
		struct text problem;
		text_init(&problem);
		if (filter_compile(expressions[e], &filter, &problem) < 0)
			fail_msg("%s", text_chars(&problem));
		struct bpf_insn steps[BPF_STEPS_MAX];
		for (size_t i = 0; i < filter.count; i++)
			steps[i] = (struct bpf_insn){filter.steps[i].code, filter.steps[i].if_true,
				filter.steps[i].if_false, filter.steps[i].k};
		struct bpf_program theirs = {(u_int)filter.count, steps};
		for (size_t s = 0; s < COUNT(samples); s++) {
			struct pcap_pkthdr header = {.caplen = samples[s].length, .len = samples[s].length};
			struct bpf_packet packet = {samples[s].bytes, samples[s].length, samples[s].length};
			uint32_t expected = (uint32_t)judge(&theirs, &header, samples[s].bytes);
			if (bpf_run(&filter, &packet) != expected)
				fail_msg("%s, packet %zu", expressions[e], s);
			matched += expected != 0;
		}
		filter_done(&filter);
		text_done(&problem);
	}
	// Neither all nor nothing.
	assert_in_range(matched, COUNT(expressions), COUNT(expressions) * COUNT(samples) / 2);
}

static void a_wrong_expression_is_refused_in_libpcaps_words(void **state) {
	(void)state;
	static const struct {
		const char *expression, *words;
	} cases[] = {
		{"tcp prt 80", "filter \"tcp prt 80\": "},
		{"host", "syntax error"},
		{"port 99999", "illegal port"},
		{"ether host 02:00:00:00:00:01", "filter \"ether host 02:00:00:00:00:01\": "},
		{"inbound", "filter \"inbound\": "},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bpf_filter filter;
		struct text problem;
		text_init(&problem);
		int result = filter_compile(cases[i].expression, &filter, &problem);
		if (result == -ELIBACC)
			skip();
		assert_int_equal(result, -EINVAL);
		if (strstr(text_chars(&problem), cases[i].words) == NULL)
			fail_msg("%s", text_chars(&problem));
		text_done(&problem);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expression_matches_what_libpcap_says),
		cmocka_unit_test(a_wrong_expression_is_refused_in_libpcaps_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
