// Inside a tunnel: one direction's security association and the bytes of ESP.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "forward/replay_int.h"
#include "forward/tunnel.h"

#define ESP_HEADER_BYTES 8
#define ESP_IV_BYTES 8
#define ESP_TRAILER_BYTES 2 // pad length, next header
#define ESP_PAD_MAX 3
#define ESP_ICV_BYTES AEAD_TAG_BYTES
#define ESP_SALT_BYTES 4

struct association {
	uint32_t spi;
	uint8_t salt[ESP_SALT_BYTES];
	struct aead *aead; // NULL: there is no such association
	uint64_t sent;     // the number of the last packet sent
	struct replay replay;
};

void association_init(struct association *sa, uint32_t spi, const uint8_t key[ESP_KEY_BYTES]);
void association_done(struct association *sa);

// An ESP packet: from its SPI to before its ICV is `length` bytes; the ICV follows. At least four
// bytes before `bytes` belong to the packet as well: they are borrowed and given back.
struct esp {
	uint8_t *bytes;
	size_t length;
	bool null_cipher;
};

// Fills in SPI, sequence number, IV and ICV.
void esp_seal(struct association *sa, const struct esp *esp);
// 0, or the drop as tunnel_drop() reads it. The window moves only on success.
int esp_open(struct association *sa, const struct esp *esp);

static inline int tunnel_result(enum drop drop) {
	return -(int)drop - 1;
}
