#include "live/offload.h"

#include <errno.h>
#include <linux/if_tun.h>

#include "live/neighbor.h"
#include "net/packet_format.h"

#define TCP_HEADER_BYTES 20
#define TCP_CHECKSUM 16
#define UDP_CHECKSUM 6
// Of Linux 6.2, which is later than the headers of some who build.
#define TUN_USO4 0x20
#define TUN_USO6 0x40
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

// Where things are in a packet whose transport header stands right behind the network header.
struct layout {
	size_t network_bytes, transport_bytes;
	uint8_t protocol;
	bool is_v4;
};

static int read_layout(const struct packet *packet, struct layout *out) {
	const uint8_t *bytes = packet->bytes + packet->start;
	struct layout layout = {.is_v4 = packet->length != 0 && bytes[0] >> 4 == 4};
	if (packet->length < IPV4_HEADER_BYTES)
		return -EBADMSG;
	layout.network_bytes = layout.is_v4 ? (size_t)(bytes[0] & 0x0f) * 4 : IPV6_HEADER_BYTES;
	if (layout.network_bytes < IPV4_HEADER_BYTES ||
		packet->length < layout.network_bytes + UDP_HEADER_BYTES)
		return -EBADMSG;
	layout.protocol = layout.is_v4 ? bytes[9] : bytes[6];
	layout.transport_bytes = UDP_HEADER_BYTES;
	if (layout.protocol == PROTOCOL_TCP) {
		if (packet->length < layout.network_bytes + TCP_HEADER_BYTES)
			return -EBADMSG;
		layout.transport_bytes = (size_t)(bytes[layout.network_bytes + 12] >> 4) * 4;
		if (layout.transport_bytes < TCP_HEADER_BYTES ||
			packet->length < layout.network_bytes + layout.transport_bytes)
			return -EBADMSG;
	}
	*out = layout;
	return 0;
}

unsigned offload_bits(void) {
	return TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
}

unsigned offload_train_bits(void) {
	return TUN_USO4 | TUN_USO6;
}

// A checksum that is neither TCP's nor UDP's at its usual place is completed at once: nobody behind
// would know where it is.
static int finish_odd_checksum(const struct virtio_net_hdr *header, struct packet *packet) {
	uint8_t *bytes = packet_data(packet);
	if (header->csum_start < ETHERNET_HEADER_BYTES)
		return -EBADMSG;
	size_t start = (size_t)header->csum_start - ETHERNET_HEADER_BYTES;
	size_t field = start + header->csum_offset;
	if (start >= packet->length || field + 2 > packet->length)
		return -EBADMSG;
	put_u16(bytes + field, checksum_fold(checksum_add(0, bytes + start, packet->length - start)));
	return 0;
}

static bool is_usual(const struct virtio_net_hdr *header, const struct layout *layout) {
	size_t field = layout->protocol == PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
	return (layout->protocol == PROTOCOL_TCP || layout->protocol == PROTOCOL_UDP) &&
		header->csum_start == ETHERNET_HEADER_BYTES + layout->network_bytes &&
		header->csum_offset == field;
}

static int read_segment(
	const struct virtio_net_hdr *header, const struct layout *layout, struct packet *packet) {
	unsigned type = header->gso_type & ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;
	size_t headers = layout->network_bytes + layout->transport_bytes;
	if (layout->protocol != PROTOCOL_TCP || header->gso_size == 0 || !packet->checksum_due ||
		type != (layout->is_v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6) ||
		headers + header->gso_size > PACKET_BYTES_MAX)
		return -EBADMSG;
	if (packet->length > headers + header->gso_size)
		packet->piece_bytes = (uint16_t)(headers + header->gso_size);
	return 0;
}

int offload_read(const struct virtio_net_hdr *header, struct packet *packet) {
	bool is_begun = (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
	struct layout layout;
	if (!is_begun && header->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return 0;
	if (read_layout(packet, &layout) < 0)
		return -EBADMSG;
	if (is_begun && !is_usual(header, &layout))
		return header->gso_type == VIRTIO_NET_HDR_GSO_NONE ? finish_odd_checksum(header, packet)
														   : -EBADMSG;
	packet->checksum_due = is_begun;
	return header->gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : read_segment(header, &layout, packet);
}

void offload_write(const struct packet *packet, struct virtio_net_hdr *header) {
	struct layout layout;
	*header = (struct virtio_net_hdr){0};
	if (!packet->checksum_due || read_layout(packet, &layout) < 0)
		return;
	size_t headers = layout.network_bytes + layout.transport_bytes;
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start = (uint16_t)(ETHERNET_HEADER_BYTES + layout.network_bytes);
	header->csum_offset = layout.protocol == PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
	if (packet->piece_bytes == 0)
		return;
	header->gso_type = layout.is_v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	if (layout.protocol == PROTOCOL_UDP)
		header->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	header->hdr_len = (uint16_t)(ETHERNET_HEADER_BYTES + headers);
	header->gso_size = (uint16_t)(packet->piece_bytes - headers);
}
