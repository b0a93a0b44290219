#include "net/pcap.h"

#include <string.h>

#define MAGIC_NS 0xa1b23c4du // time stamps in nanoseconds
#define LINKTYPE_RAW 101

#define SECTION_BLOCK 0x0a0d0d0au
#define INTERFACE_BLOCK 1
#define PACKET_BLOCK 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define OPTION_END 0
#define IF_NAME 2
#define IF_DESCRIPTION 3
#define IF_TSRESOL 9
#define TSRESOL_NS 9 // ten to the power of minus nine
#define BLOCK_FRAME_BYTES 12
#define NS_IN_SECOND 1000000000

static void add_u16(struct text *out, uint16_t value) {
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};
	text_add_n(out, (const char *)bytes, sizeof(bytes));
}

static void add_u32(struct text *out, uint32_t value) {
	add_u16(out, (uint16_t)value);
	add_u16(out, (uint16_t)(value >> 16));
}

static void add_bytes(struct text *out, const void *bytes, size_t length) {
	if (length != 0)
		text_add_n(out, bytes, length);
}

void pcap_begin(struct text *out, uint32_t snaplen) {
	add_u32(out, MAGIC_NS);
	add_u16(out, 2); // version 2.4
	add_u16(out, 4);
	add_u32(out, 0);
	add_u32(out, 0);
	add_u32(out, snaplen);
	add_u32(out, LINKTYPE_RAW);
}

void pcap_add(struct text *out, const struct pcap_packet *packet) {
	add_u32(out, (uint32_t)(packet->when_ns / NS_IN_SECOND));
	add_u32(out, (uint32_t)(packet->when_ns % NS_IN_SECOND));
	add_u32(out, packet->length);
	add_u32(out, packet->whole_length);
	add_bytes(out, packet->bytes, packet->length);
}

static size_t padded(size_t length) {
	return (length + 3) & ~(size_t)3;
}

static void add_padded(struct text *out, const void *bytes, size_t length) {
	static const uint8_t zeros[4];
	add_bytes(out, bytes, length);
	add_bytes(out, zeros, padded(length) - length);
}

// Begins with its type, its length stands at both ends.
static void begin_block(struct text *out, uint32_t type, size_t body_bytes) {
	add_u32(out, type);
	add_u32(out, (uint32_t)(body_bytes + BLOCK_FRAME_BYTES));
}

static void end_block(struct text *out, size_t body_bytes) {
	add_u32(out, (uint32_t)(body_bytes + BLOCK_FRAME_BYTES));
}

static void add_option(struct text *out, uint16_t code, const void *value, size_t length) {
	add_u16(out, code);
	add_u16(out, (uint16_t)length);
	add_padded(out, value, length);
}

void pcapng_begin(struct text *out) {
	const size_t body = 16;
	begin_block(out, SECTION_BLOCK, body);
	add_u32(out, BYTE_ORDER_MAGIC);
	add_u16(out, 1); // version 1.0
	add_u16(out, 0);
	add_u32(out, UINT32_MAX); // the section's length: not known
	add_u32(out, UINT32_MAX);
	end_block(out, body);
}

void pcapng_add_interface(
	struct text *out, const char *name, const char *description, uint32_t snaplen) {
	const uint8_t resolution = TSRESOL_NS;
	size_t body = 8 + 4 + padded(strlen(name)) + 4 + padded(strlen(description)) + 8 + 4;
	begin_block(out, INTERFACE_BLOCK, body);
	add_u16(out, LINKTYPE_RAW);
	add_u16(out, 0);
	add_u32(out, snaplen);
	add_option(out, IF_NAME, name, strlen(name));
	add_option(out, IF_DESCRIPTION, description, strlen(description));
	add_option(out, IF_TSRESOL, &resolution, sizeof(resolution));
	add_option(out, OPTION_END, NULL, 0);
	end_block(out, body);
}

void pcapng_add(struct text *out, const struct pcap_packet *packet) {
	size_t body = 20 + padded(packet->length);
	begin_block(out, PACKET_BLOCK, body);
	add_u32(out, packet->interface);
	add_u32(out, (uint32_t)((uint64_t)packet->when_ns >> 32));
	add_u32(out, (uint32_t)packet->when_ns);
	add_u32(out, packet->length);
	add_u32(out, packet->whole_length);
	add_padded(out, packet->bytes, packet->length);
	end_block(out, body);
}
