// Capture files: pcap, which every tool reads, and pcapng, which also says of each packet where it
// was seen. Packets begin with their IPv4 or IPv6 header (link type RAW). Bytes are appended to a
// text; writing it somewhere is the caller's. pcap: draft-ietf-opsawg-pcap; pcapng:
// draft-ietf-opsawg-pcapng.
#pragma once

#include <stdint.h>

#include "base/text.h"

// Of a packet: all of it.
#define PCAP_SNAPLEN 65535

struct pcap_packet {
	int64_t when_ns; // since 1970
	const uint8_t *bytes;
	uint32_t length;       // of these
	uint32_t whole_length; // of the packet, as it was
	uint32_t interface;    // pcapng: as numbered by pcapng_add_interface()
};

void pcap_begin(struct text *out, uint32_t snaplen);
void pcap_add(struct text *out, const struct pcap_packet *packet);

void pcapng_begin(struct text *out);
// Numbers count from 0, in the order of these calls, which may come between packets.
void pcapng_add_interface(
	struct text *out, const char *name, const char *description, uint32_t snaplen);
void pcapng_add(struct text *out, const struct pcap_packet *packet);
