// Who is next to a host: always the fabric, as in Azure, whatever address the host asks for. Pure:
// frames in, frames out.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

#define ETHERNET_HEADER_BYTES 14
#define MAC_BYTES 6

// What a frame carries; enough to tell packets from questions about neighbours.
enum frame_kind {
	FRAME_PACKET,   // a unicast IPv4 or IPv6 packet behind the Ethernet header
	FRAME_QUESTION, // ARP, or an IPv6 neighbour solicitation
	FRAME_OTHER,    // multicast, other protocols, too short: nothing the fabric carries
};
enum frame_kind frame_kind_of(const uint8_t *frame, size_t length);

// The fabric's own address, the one Azure's hosts see as everybody's.
extern const uint8_t neighbor_fabric_mac[MAC_BYTES];

// Writes the Ethernet header in front of an IP packet, which tells its family by itself.
void neighbor_write_header(uint8_t *frame, const uint8_t to[MAC_BYTES], uint8_t first_byte);

#define NEIGHBOR_ANSWER_MAX 86
// The answer due to a question, its length; 0 when none is: a probe for the asker's own address
// (RFC 5227 2.1.1, RFC 4862 5.4.3), or malformed.
size_t neighbor_answer(const uint8_t *frame, size_t length, uint8_t answer[NEIGHBOR_ANSWER_MAX]);

// The other way round: the fabric asks who has an address, where a device outside has a MAC address
// of its own. `source`: the asker's IPv4 address, IP_NONE for 0.0.0.0 (RFC 5227 2.1.1); in IPv6 the
// asker is the fabric's link-local address. Writes the frame and returns its length.
size_t neighbor_ask(struct ip target, struct ip source, uint8_t frame[NEIGHBOR_ANSWER_MAX]);

// What a question or an answer tells of whoever sent it (RFC 826, RFC 4861 7.2).
struct neighbor_news {
	struct ip sender; // IP_NONE: nothing
	uint8_t mac[MAC_BYTES];
	struct ip target; // whom a question is about; IP_NONE: it is none
};
struct neighbor_news neighbor_read(const uint8_t *frame, size_t length);
