#include "forward/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "forward/tunnel_int.h"
#include "net/packet_format.h"

#define PROTOCOL_IPV4_INSIDE 4
#define PROTOCOL_IPV6_INSIDE 41
#define OUTER_TTL 64
#define DSCP_MASK 0xfc

enum {
	NEW,
	OLD,
	INBOUND_COUNT,
};

struct tunnel {
	struct tunnel_config config;
	struct association outbound;
	struct association inbound[INBOUND_COUNT];
	struct tunnel_counters counters;
};

struct tunnel *tunnel_new(const struct tunnel_config *config) {
	assert(ip_is_v4(config->local) == ip_is_v4(config->remote));
	struct tunnel *tunnel = memory_alloc(sizeof(*tunnel));
	tunnel->config = *config;
	return tunnel;
}

void tunnel_free(struct tunnel *tunnel) {
	if (tunnel == NULL)
		return;
	tunnel_remove_keys(tunnel);
	free(tunnel);
}

const struct tunnel_config *tunnel_config(const struct tunnel *tunnel) {
	return &tunnel->config;
}

static bool has_spi(const struct association *sa, uint32_t spi) {
	return sa->aead != NULL && sa->spi == spi;
}

// The same keys again would start their sequence numbers, which are nonces, anew.
void tunnel_install(struct tunnel *tunnel, const struct tunnel_keys *keys) {
	if (has_spi(&tunnel->outbound, keys->outbound_spi) &&
		has_spi(&tunnel->inbound[NEW], keys->inbound_spi))
		return;
	association_done(&tunnel->outbound);
	association_done(&tunnel->inbound[OLD]);
	tunnel->inbound[OLD] = tunnel->inbound[NEW];
	association_init(&tunnel->outbound, keys->outbound_spi, keys->outbound_key);
	association_init(&tunnel->inbound[NEW], keys->inbound_spi, keys->inbound_key);
}

void tunnel_retire_old(struct tunnel *tunnel) {
	association_done(&tunnel->inbound[OLD]);
}

void tunnel_remove_keys(struct tunnel *tunnel) {
	association_done(&tunnel->outbound);
	association_done(&tunnel->inbound[NEW]);
	association_done(&tunnel->inbound[OLD]);
}

bool tunnel_is_up(const struct tunnel *tunnel) {
	return tunnel->outbound.aead != NULL;
}

bool tunnel_has_inbound_spi(const struct tunnel *tunnel, uint32_t spi) {
	return has_spi(&tunnel->inbound[NEW], spi) || has_spi(&tunnel->inbound[OLD], spi);
}

static size_t outer_header_bytes(const struct tunnel *tunnel) {
	return ip_is_v4(tunnel->config.local) ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
}

size_t tunnel_overhead_bytes(const struct tunnel *tunnel) {
	return outer_header_bytes(tunnel) + ESP_HEADER_BYTES + ESP_IV_BYTES + ESP_PAD_MAX +
		ESP_TRAILER_BYTES + ESP_ICV_BYTES;
}

// A packet that was in tunnels before has used up its headroom; then its bytes move.
static bool make_room(struct packet *packet, size_t before, size_t behind) {
	if (before + packet->length + behind > PACKET_BYTES_MAX)
		return false;
	if (packet->start >= before && packet->start + packet->length + behind <= PACKET_ROOM)
		return true;
	memmove(packet->bytes + before, packet_data(packet), packet->length);
	packet->start = (uint32_t)before;
	return true;
}

// RFC 4303 2.4: padding 1, 2, 3 to a multiple of four, its length, and what is inside.
static size_t add_trailer(struct packet *packet, bool is_v4_inside) {
	size_t pad = -(packet->length + ESP_TRAILER_BYTES) & ESP_PAD_MAX;
	uint8_t *at = packet_data(packet) + packet->length;
	for (size_t i = 0; i < pad; i++)
		at[i] = (uint8_t)(i + 1);
	at[pad] = (uint8_t)pad;
	at[pad + 1] = is_v4_inside ? PROTOCOL_IPV4_INSIDE : PROTOCOL_IPV6_INSIDE;
	return packet->length + pad + ESP_TRAILER_BYTES;
}

// RFC 4301 5.1.2: the inner DSCP is copied, the TTL is not, DF is clear. ECN is kept from the outer
// header (RFC 6040 4.1, compatibility mode), so nothing is lost when it is taken off.
static void write_outer(const struct tunnel *tunnel, struct packet *packet, uint8_t traffic_class,
	uint16_t identification) {
	bool is_v4 = ip_is_v4(tunnel->config.local);
	size_t header_bytes = outer_header_bytes(tunnel);
	const struct ip_header header = {
		.source = tunnel->config.local,
		.destination = tunnel->config.remote,
		.protocol = PROTOCOL_ESP,
		.ttl = OUTER_TTL,
		.traffic_class = traffic_class & DSCP_MASK,
		.dont_fragment = !is_v4,
		.identification = is_v4 ? identification : 0,
	};
	struct writer out = writer_of(packet_data(packet), header_bytes);
	ip_header_encode(&out, &header, packet->length - header_bytes);
	assert(!out.overflow);
}

int tunnel_encapsulate(struct tunnel *tunnel, struct packet *packet, uint16_t identification) {
	if (!tunnel_is_up(tunnel))
		return tunnel_result(DROP_TUNNEL_DOWN);
	size_t before = outer_header_bytes(tunnel) + ESP_HEADER_BYTES + ESP_IV_BYTES;
	if (!make_room(packet, before, ESP_PAD_MAX + ESP_TRAILER_BYTES + ESP_ICV_BYTES))
		return tunnel_result(DROP_MTU);
	uint8_t *inner = packet_data(packet);
	bool is_v4 = inner[0] >> 4 == 4;
	uint8_t traffic_class = is_v4 ? inner[1] : (uint8_t)(get_u16(inner) >> 4);
	tunnel->counters.packets_out++;
	tunnel->counters.bytes_out += packet->length;
	if (tunnel->config.inner_ttl_reset != 0)
		ip_header_set_ttl(inner, tunnel->config.inner_ttl_reset);
	size_t sealed_bytes = add_trailer(packet, is_v4);
	const struct esp esp = {
		.bytes = inner - ESP_IV_BYTES - ESP_HEADER_BYTES,
		.length = ESP_HEADER_BYTES + ESP_IV_BYTES + sealed_bytes,
		.null_cipher = tunnel->config.null_cipher,
	};
	esp_seal(&tunnel->outbound, &esp);
	packet->start -= (uint32_t)before;
	packet->length = (uint32_t)(before + sealed_bytes + ESP_ICV_BYTES);
	write_outer(tunnel, packet, traffic_class, identification);
	return 0;
}

// Takes the trailer off. RFC 4303 2.4: the receiver should look at the padding. A dummy packet
// (2.6) has no inner packet and ends here too.
static int take_inner(struct packet *packet, const uint8_t *inner, size_t length) {
	size_t pad = inner[length - 2];
	uint8_t next_header = inner[length - 1];
	if (pad + ESP_TRAILER_BYTES >= length)
		return tunnel_result(DROP_MALFORMED);
	size_t inner_bytes = length - ESP_TRAILER_BYTES - pad;
	for (size_t i = 0; i < pad; i++)
		if (inner[inner_bytes + i] != i + 1)
			return tunnel_result(DROP_MALFORMED);
	unsigned version = inner[0] >> 4;
	bool is_v4 = next_header == PROTOCOL_IPV4_INSIDE && version == 4;
	bool is_v6 = next_header == PROTOCOL_IPV6_INSIDE && version == 6;
	if (!is_v4 && !is_v6)
		return tunnel_result(DROP_MALFORMED);
	packet->start = (uint32_t)(inner - packet->bytes);
	packet->length = (uint32_t)inner_bytes;
	return 0;
}

int tunnel_decapsulate(struct tunnel *tunnel, struct packet *packet) {
	struct ip_header header;
	const size_t least =
		ESP_HEADER_BYTES + ESP_IV_BYTES + ESP_TRAILER_BYTES + (size_t)ESP_ICV_BYTES;
	if (ip_header_decode(packet_data(packet), packet->length, &header) != 0 ||
		header.protocol != PROTOCOL_ESP || header.total_bytes - header.header_bytes < (int)least)
		return tunnel_result(DROP_MALFORMED);
	const struct esp esp = {
		.bytes = packet_data(packet) + header.header_bytes,
		.length = (size_t)(header.total_bytes - header.header_bytes) - ESP_ICV_BYTES,
		.null_cipher = tunnel->config.null_cipher,
	};
	uint32_t spi = get_u32(esp.bytes);
	if (!tunnel_has_inbound_spi(tunnel, spi))
		return tunnel_result(DROP_ESP_UNKNOWN_SPI);
	struct association *sa = &tunnel->inbound[has_spi(&tunnel->inbound[NEW], spi) ? NEW : OLD];
	int result = esp_open(sa, &esp);
	if (result < 0)
		return result;
	const size_t front = ESP_HEADER_BYTES + ESP_IV_BYTES;
	result = take_inner(packet, esp.bytes + front, esp.length - front);
	if (result < 0)
		return result;
	tunnel->counters.packets_in++;
	tunnel->counters.bytes_in += packet->length;
	return 0;
}

enum drop tunnel_drop(int result) {
	assert(result < 0 && result >= -(int)DROP_COUNT);
	return (enum drop)(-result - 1);
}

const struct tunnel_counters *tunnel_counters(const struct tunnel *tunnel) {
	return &tunnel->counters;
}
