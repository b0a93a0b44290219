// The wire formats of IPv4, IPv6, ICMP, ICMPv6 and UDP: bytes to struct and back, pure.
//
// Decoders return 0 or -EBADMSG and leave *out untouched on failure; each names the RFC section it
// holds the bytes against. Encoders write through a writer and return nothing: overflow is sticky.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "net/header.h"
#include "net/ip.h"

#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define UDP_HEADER_BYTES 8
#define ICMP_HEADER_BYTES 8
#define IPV6_FRAGMENT_BYTES 8

// The network header of either family, with IPv6's fragment header folded in (RFC 8200 4.5).
struct ip_header {
	struct ip source, destination;
	uint8_t protocol; // of the payload, behind an IPv6 fragment header
	uint8_t ttl;      // hop limit in IPv6
	uint8_t traffic_class;
	bool dont_fragment; // always true for IPv6
	bool more_fragments;
	bool has_fragment_header; // IPv6 only
	uint16_t fragment_offset; // in bytes
	uint32_t identification;
	uint16_t header_bytes; // where the payload starts
	uint16_t total_bytes;  // header and payload; bytes behind it are padding
};

// RFC 791 3.1 with RFC 1812 5.2.2's checks, checksum included; RFC 8200 3. Other extension headers
// than fragment are left to the receiver as the payload's protocol. IPv4 options are accepted. An
// IPv6 header with an IPv4-mapped address is refused (RFC 6890 2.2.3: never on a wire), because
// nothing behind it could tell it from IPv4; so is an IPv6 packet of more than 65,535 bytes.
int ip_header_decode(const uint8_t *bytes, size_t length, struct ip_header *out);
// Writes the header for `payload_bytes` of payload, checksum included, without options; what can't
// be expressed in the length field is an overflow. The destination decides the family. header_bytes
// and total_bytes in the struct are ignored.
void ip_header_encode(struct writer *out, const struct ip_header *header, size_t payload_bytes);

// What ip_header_encode will write, IPv6's fragment header included.
size_t ip_header_encoded_bytes(const struct ip_header *header);

// RFC 791 3.2, RFC 8200 4.5: part of a larger packet. A lone IPv6 fragment header with nothing
// missing (RFC 6946) makes no fragment.
static inline bool ip_header_is_fragment(const struct ip_header *header) {
	return header->more_fragments || header->fragment_offset != 0;
}

// Reads the flow key behind a decoded network header; ports as flow_key says.
void flow_key_decode(const uint8_t *bytes, const struct ip_header *header, struct flow_key *out);

// RFC 1071: `sum` chains partial sums, of which only the last may be over an odd length;
// checksum_fold folds and complements.
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length);
uint16_t checksum_fold(uint32_t sum);
// The pseudo header of RFC 793 3.1, 768, 8200 8.1.
uint32_t checksum_pseudo(
	struct ip source, struct ip destination, uint8_t protocol, uint32_t length);
// Pseudo header and `bytes` in one: 0 when `bytes` hold a correct checksum, and the checksum to put
// there when that field is still zero. For TCP, UDP and ICMPv6 (RFC 4443 2.3).
uint16_t checksum_transport(
	struct ip source, struct ip destination, uint8_t protocol, const void *bytes, size_t length);
// RFC 1624 eq. 3: the checksum after a 16-bit word changed.
uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word);

// Lowers TTL or hop limit in place by one, incremental checksum. The caller has checked it is > 0.
void ip_header_decrement_ttl(uint8_t *bytes);
void ip_header_set_ttl(uint8_t *bytes, uint8_t ttl);

struct udp_header {
	uint16_t source_port, destination_port, length_bytes;
};

// RFC 768; verifies the checksum over the pseudo header when one is present (IPv6 demands it).
int udp_decode(
	const uint8_t *bytes, size_t length, const struct ip_header *ip, struct udp_header *out);
// Writes header and payload with checksum.
void udp_encode(
	struct writer *out, const struct flow_key *key, const void *payload, size_t payload_bytes);

// ICMP and ICMPv6 in one vocabulary; `type` and `code` are the family's own numbers.
struct icmp_header {
	uint8_t type, code;
	uint16_t identifier, sequence; // of an echo or its reply, 0 in all other messages
	uint32_t word; // rest of the header of all but echoes: the MTU of "packet too big" and
	               // "fragmentation needed" (RFC 4443 3.2, RFC 1191 4), else mostly 0
};

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129,
};

// `address` is any address of the packet, for its family.
bool icmp_is_echo(struct ip address, uint8_t type);  // request or reply
bool icmp_is_error(struct ip address, uint8_t type); // about which no error may be sent

// RFC 792, RFC 4443 2.1; checks the checksum.
int icmp_decode(
	const uint8_t *bytes, size_t length, const struct ip_header *ip, struct icmp_header *out);
// Header and payload with checksum; family by key->destination.
void icmp_encode(struct writer *out, const struct flow_key *key, const struct icmp_header *icmp,
	const void *payload, size_t payload_bytes);
