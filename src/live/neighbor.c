#include "live/neighbor.h"

#include <stdbool.h>
#include <string.h>

#include "net/packet_format.h"

#define ETHERTYPE_V4 0x0800
#define ETHERTYPE_V6 0x86dd
#define ETHERTYPE_ARP 0x0806
#define ARP_BYTES 28
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_HOP_LIMIT 255
#define ND_ROUTER_SOLICITED_OVERRIDE 0xe0000000u
#define ND_OPTION_SOURCE 1
#define ND_OPTION_TARGET 2
#define ND_OPTION_BYTES 8
#define ND_MESSAGE_BYTES (ICMP_HEADER_BYTES + 16)

const uint8_t neighbor_fabric_mac[MAC_BYTES] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};

// An IPv6 neighbour solicitation stands at a fixed place: no extension header may precede it (RFC
// 4861 7.1.1 wants hop limit 255, so nobody but a neighbour can have sent it).
static bool is_solicitation(const uint8_t *frame, size_t length) {
	const uint8_t *ip = frame + ETHERNET_HEADER_BYTES;
	return length >= ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + ND_MESSAGE_BYTES &&
		get_u16(frame + 12) == ETHERTYPE_V6 && ip[6] == PROTOCOL_ICMPV6 && ip[7] == ND_HOP_LIMIT &&
		ip[IPV6_HEADER_BYTES] == ND_SOLICITATION;
}

enum frame_kind frame_kind_of(const uint8_t *frame, size_t length) {
	if (length < ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES)
		return FRAME_OTHER;
	uint16_t type = get_u16(frame + 12);
	if (type == ETHERTYPE_ARP || is_solicitation(frame, length))
		return FRAME_QUESTION;
	bool is_multicast = (frame[0] & 1) != 0;
	if (is_multicast || (type != ETHERTYPE_V4 && type != ETHERTYPE_V6))
		return FRAME_OTHER;
	return FRAME_PACKET;
}

void neighbor_write_header(uint8_t *frame, const uint8_t to[MAC_BYTES], uint8_t first_byte) {
	memcpy(frame, to, MAC_BYTES);
	memcpy(frame + MAC_BYTES, neighbor_fabric_mac, MAC_BYTES);
	put_u16(frame + 12, first_byte >> 4 == 6 ? ETHERTYPE_V6 : ETHERTYPE_V4);
}

static size_t answer_arp(const uint8_t *frame, size_t length, uint8_t *answer) {
	const uint8_t *arp = frame + ETHERNET_HEADER_BYTES;
	// Ethernet and IPv4 (RFC 826).
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, ARP_REQUEST};
	if (length < ETHERNET_HEADER_BYTES + ARP_BYTES || memcmp(arp, head, sizeof(head)) != 0)
		return 0;
	const uint8_t *sender = arp + 14;
	const uint8_t *target = arp + 24;
	if (get_u32(sender) == 0 || memcmp(sender, target, 4) == 0)
		return 0;
	memcpy(answer, arp + 8, MAC_BYTES);
	memcpy(answer + MAC_BYTES, neighbor_fabric_mac, MAC_BYTES);
	put_u16(answer + 12, ETHERTYPE_ARP);
	uint8_t *reply = answer + ETHERNET_HEADER_BYTES;
	memcpy(reply, head, sizeof(head));
	reply[7] = ARP_REPLY;
	memcpy(reply + 8, neighbor_fabric_mac, MAC_BYTES);
	memcpy(reply + 14, target, 4);
	memcpy(reply + 18, arp + 8, MAC_BYTES);
	memcpy(reply + 24, sender, 4);
	return ETHERNET_HEADER_BYTES + ARP_BYTES;
}

static size_t answer_solicitation(const uint8_t *frame, size_t length, uint8_t *answer) {
	const uint8_t *bytes = frame + ETHERNET_HEADER_BYTES;
	struct ip_header ip;
	struct icmp_header icmp;
	if (ip_header_decode(bytes, length - ETHERNET_HEADER_BYTES, &ip) != 0 ||
		ip.total_bytes < ip.header_bytes + ND_MESSAGE_BYTES ||
		icmp_decode(
			bytes + ip.header_bytes, (size_t)(ip.total_bytes - ip.header_bytes), &ip, &icmp) != 0 ||
		ip_is_none(ip.source))
		return 0;
	struct ip target;
	ip_read_v6(&target, bytes + ip.header_bytes + ICMP_HEADER_BYTES);
	// An IPv4-mapped one is on no wire (RFC 6890 2.2.3), and IPv4 to all that follows.
	if (ip_is_v4(target) || ip_is_multicast(target) || ip_equal(target, ip.source))
		return 0;
	uint8_t payload[16 + 2 + MAC_BYTES];
	ip_write_v6(target, payload);
	payload[16] = ND_OPTION_TARGET;
	payload[17] = 1;
	memcpy(payload + 18, neighbor_fabric_mac, MAC_BYTES);
	neighbor_write_header(answer, frame + MAC_BYTES, bytes[0]);
	struct writer out =
		writer_of(answer + ETHERNET_HEADER_BYTES, NEIGHBOR_ANSWER_MAX - ETHERNET_HEADER_BYTES);
	struct ip_header reply = {.source = target,
		.destination = ip.source,
		.protocol = PROTOCOL_ICMPV6,
		.ttl = ND_HOP_LIMIT};
	struct flow_key key = {.source = target, .destination = ip.source, .protocol = PROTOCOL_ICMPV6};
	struct icmp_header header = {.type = ND_ADVERTISEMENT, .word = ND_ROUTER_SOLICITED_OVERRIDE};
	ip_header_encode(&out, &reply, ICMP_HEADER_BYTES + sizeof(payload));
	icmp_encode(&out, &key, &header, payload, sizeof(payload));
	return out.overflow ? 0 : ETHERNET_HEADER_BYTES + writer_length(&out);
}

size_t neighbor_answer(const uint8_t *frame, size_t length, uint8_t answer[NEIGHBOR_ANSWER_MAX]) {
	if (length < ETHERNET_HEADER_BYTES)
		return 0;
	if (get_u16(frame + 12) == ETHERTYPE_ARP)
		return answer_arp(frame, length, answer);
	return is_solicitation(frame, length) ? answer_solicitation(frame, length, answer) : 0;
}

static size_t ask_v4(struct ip target, struct ip source, uint8_t *frame) {
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, ARP_REQUEST};
	uint8_t *arp = frame + ETHERNET_HEADER_BYTES;
	memset(frame, 0xff, MAC_BYTES);
	memcpy(frame + MAC_BYTES, neighbor_fabric_mac, MAC_BYTES);
	put_u16(frame + 12, ETHERTYPE_ARP);
	memset(arp, 0, ARP_BYTES);
	memcpy(arp, head, sizeof(head));
	memcpy(arp + 8, neighbor_fabric_mac, MAC_BYTES);
	if (!ip_is_none(source))
		ip_write_v4(source, arp + 14);
	ip_write_v4(target, arp + 24);
	return ETHERNET_HEADER_BYTES + ARP_BYTES;
}

// The fabric's link-local address, made of its MAC address (RFC 4291 app. A).
static struct ip fabric_link_local(void) {
	const uint8_t *mac = neighbor_fabric_mac;
	const uint8_t bytes[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 2), mac[1], mac[2],
		0xff, 0xfe, mac[3], mac[4], mac[5]};
	struct ip address;
	ip_read_v6(&address, bytes);
	return address;
}

// To the target's solicited-node multicast group (RFC 4861 4.3, RFC 4291 2.7.1, RFC 2464 7).
static size_t ask_v6(struct ip target, uint8_t *frame) {
	uint8_t group[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
	uint8_t payload[16 + ND_OPTION_BYTES];
	ip_write_v6(target, payload);
	memcpy(group + 13, payload + 13, 3);
	payload[16] = ND_OPTION_SOURCE;
	payload[17] = 1;
	memcpy(payload + 18, neighbor_fabric_mac, MAC_BYTES);
	const uint8_t to[MAC_BYTES] = {0x33, 0x33, group[12], group[13], group[14], group[15]};
	neighbor_write_header(frame, to, 0x60);
	struct writer out =
		writer_of(frame + ETHERNET_HEADER_BYTES, NEIGHBOR_ANSWER_MAX - ETHERNET_HEADER_BYTES);
	struct ip_header ip = {
		.source = fabric_link_local(), .protocol = PROTOCOL_ICMPV6, .ttl = ND_HOP_LIMIT};
	ip_read_v6(&ip.destination, group);
	struct flow_key key = {
		.source = ip.source, .destination = ip.destination, .protocol = PROTOCOL_ICMPV6};
	struct icmp_header header = {.type = ND_SOLICITATION};
	ip_header_encode(&out, &ip, ICMP_HEADER_BYTES + sizeof(payload));
	icmp_encode(&out, &key, &header, payload, sizeof(payload));
	return ETHERNET_HEADER_BYTES + writer_length(&out);
}

size_t neighbor_ask(struct ip target, struct ip source, uint8_t frame[NEIGHBOR_ANSWER_MAX]) {
	return ip_is_v4(target) ? ask_v4(target, source, frame) : ask_v6(target, frame);
}

static struct neighbor_news read_arp(const uint8_t *frame, size_t length) {
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};
	struct neighbor_news news = {.sender = IP_NONE, .target = IP_NONE};
	const uint8_t *arp = frame + ETHERNET_HEADER_BYTES;
	if (length < ETHERNET_HEADER_BYTES + ARP_BYTES || memcmp(arp, head, sizeof(head)) != 0 ||
		(arp[7] != ARP_REQUEST && arp[7] != ARP_REPLY) || get_u32(arp + 14) == 0)
		return news;
	ip_read_v4(&news.sender, arp + 14);
	memcpy(news.mac, arp + 8, MAC_BYTES);
	if (arp[7] == ARP_REQUEST)
		ip_read_v4(&news.target, arp + 24);
	return news;
}

// The link-layer address among an ND message's options, NULL when there is none.
static const uint8_t *find_mac(const uint8_t *options, size_t length, uint8_t type) {
	for (size_t at = 0; at + ND_OPTION_BYTES <= length;) {
		if (options[at] == type && options[at + 1] == 1)
			return options + at + 2;
		if (options[at + 1] == 0)
			return NULL;
		at += (size_t)options[at + 1] * ND_OPTION_BYTES;
	}
	return NULL;
}

static struct neighbor_news read_nd(const uint8_t *frame, size_t length) {
	struct neighbor_news news = {.sender = IP_NONE, .target = IP_NONE};
	const uint8_t *bytes = frame + ETHERNET_HEADER_BYTES;
	const uint8_t *message = bytes + IPV6_HEADER_BYTES;
	struct ip_header ip;
	struct icmp_header icmp;
	if (length < ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + ND_MESSAGE_BYTES ||
		get_u16(frame + 12) != ETHERTYPE_V6 || bytes[6] != PROTOCOL_ICMPV6 ||
		bytes[7] != ND_HOP_LIMIT ||
		ip_header_decode(bytes, length - ETHERNET_HEADER_BYTES, &ip) != 0 ||
		ip.total_bytes < ip.header_bytes + ND_MESSAGE_BYTES)
		return news;
	size_t message_bytes = (size_t)(ip.total_bytes - ip.header_bytes);
	if (icmp_decode(message, message_bytes, &ip, &icmp) != 0 ||
		(icmp.type != ND_SOLICITATION && icmp.type != ND_ADVERTISEMENT))
		return news;
	struct ip target;
	ip_read_v6(&target, message + ICMP_HEADER_BYTES);
	if (ip_is_v4(target)) // IPv4-mapped
		return news;
	bool asks = icmp.type == ND_SOLICITATION;
	const uint8_t *mac = find_mac(message + ND_MESSAGE_BYTES, message_bytes - ND_MESSAGE_BYTES,
		asks ? ND_OPTION_SOURCE : ND_OPTION_TARGET);
	// An answer to one that was asked directly may leave the option out (RFC 4861 4.4).
	memcpy(news.mac, mac != NULL ? mac : frame + MAC_BYTES, MAC_BYTES);
	news.sender = asks ? ip.source : target;
	if (asks)
		news.target = target;
	return news;
}

struct neighbor_news neighbor_read(const uint8_t *frame, size_t length) {
	if (length >= ETHERNET_HEADER_BYTES && get_u16(frame + 12) == ETHERTYPE_ARP)
		return read_arp(frame, length);
	return read_nd(frame, length);
}
