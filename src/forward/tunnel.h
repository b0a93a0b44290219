// ESP in tunnel mode as one port's property: RFC 4303 with AES-GCM (RFC 4106), extended sequence
// numbers, a sliding replay window; or, where asked, the null cipher with AES-GMAC (RFC 4543),
// which takes the same keys and the same room and leaves the inner packet readable in a capture.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/drop.h"
#include "forward/packet.h"
#include "net/ip.h"

#define ESP_KEY_BYTES 36 // AES-256 key and 4 bytes of salt
#define ESP_WINDOW_PACKETS 1024

struct tunnel;

struct tunnel_config {
	struct ip local, remote; // outer addresses
	uint32_t underlay_port;  // the router's port that outer packets leave by
	uint8_t inner_ttl_reset; // 0: keep; else what packets entering the tunnel get (CE-TTL-1)
	bool null_cipher;
};

struct tunnel *tunnel_new(const struct tunnel_config *config);
void tunnel_free(struct tunnel *tunnel);
const struct tunnel_config *tunnel_config(const struct tunnel *tunnel);

// New keys: sends with the new at once, receives with old and new until tunnel_retire_old(). The
// pair of SPIs in use, installed again, changes nothing.
struct tunnel_keys {
	uint32_t inbound_spi, outbound_spi;
	uint8_t inbound_key[ESP_KEY_BYTES], outbound_key[ESP_KEY_BYTES];
};
void tunnel_install(struct tunnel *tunnel, const struct tunnel_keys *keys);
void tunnel_retire_old(struct tunnel *tunnel);
void tunnel_remove_keys(struct tunnel *tunnel); // down
bool tunnel_is_up(const struct tunnel *tunnel);
bool tunnel_has_inbound_spi(const struct tunnel *tunnel, uint32_t spi);

// Bytes an inner packet grows by at the most.
size_t tunnel_overhead_bytes(const struct tunnel *tunnel);

// In place: inner packet to outer packet and back. 0, or a negative number that tunnel_drop()
// reads; what is left of the packet is then worthless. The inner packet's header is sound. The
// outer one has a TTL of its own, the inner DSCP, and DF clear (RFC 4301 5.1.2).
int tunnel_encapsulate(struct tunnel *tunnel, struct packet *packet, uint16_t identification);
int tunnel_decapsulate(struct tunnel *tunnel, struct packet *packet);
enum drop tunnel_drop(int result); // of a negative result

struct tunnel_counters {
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
};
const struct tunnel_counters *tunnel_counters(const struct tunnel *tunnel);
