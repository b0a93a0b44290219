#include <string.h>

#include "base/wire.h"
#include "forward/tunnel_int.h"

#define ASSOCIATED_BYTES 12

void association_init(struct association *sa, uint32_t spi, const uint8_t key[ESP_KEY_BYTES]) {
	*sa = (struct association){.spi = spi};
	sa->aead = aead_new(key);
	memcpy(sa->salt, key + AEAD_KEY_BYTES, ESP_SALT_BYTES);
}

void association_done(struct association *sa) {
	aead_free(sa->aead);
	secret_wipe(sa, sizeof(*sa));
}

// With the null cipher everything is authenticated and nothing encrypted (AES-GMAC, RFC 4543 3.3).
// The high half of the sequence number stands between SPI and low half there as well, so for the
// time of the call the SPI moves four bytes ahead.
static int run_null(
	struct aead *aead, const struct esp *esp, struct aead_text *text, uint32_t high, bool is_seal) {
	uint8_t *bytes = esp->bytes;
	uint8_t borrowed[4];
	int result = 0;
	memcpy(borrowed, bytes - 4, sizeof(borrowed));
	memcpy(bytes - 4, bytes, 4);
	put_u32(bytes, high);
	text->associated = bytes - 4;
	text->associated_bytes = esp->length + 4;
	if (is_seal)
		aead_seal(aead, text);
	else
		result = aead_open(aead, text);
	memcpy(bytes, bytes - 4, 4);
	memcpy(bytes - 4, borrowed, sizeof(borrowed));
	return result;
}

// RFC 4106: the nonce is the salt and the IV (4), the associated data SPI and the 64-bit sequence
// number (5).
static int run(struct association *sa, const struct esp *esp, uint64_t number, bool is_seal) {
	uint8_t nonce[AEAD_NONCE_BYTES];
	uint8_t associated[ASSOCIATED_BYTES];
	memcpy(nonce, sa->salt, ESP_SALT_BYTES);
	memcpy(nonce + ESP_SALT_BYTES, esp->bytes + ESP_HEADER_BYTES, ESP_IV_BYTES);
	struct aead_text text = {.nonce = nonce, .tag = esp->bytes + esp->length};
	if (esp->null_cipher)
		return run_null(sa->aead, esp, &text, (uint32_t)(number >> 32), is_seal);
	put_u32(associated, sa->spi);
	put_u64(associated + 4, number);
	text.associated = associated;
	text.associated_bytes = sizeof(associated);
	text.bytes = esp->bytes + ESP_HEADER_BYTES + ESP_IV_BYTES;
	text.length = esp->length - ESP_HEADER_BYTES - ESP_IV_BYTES;
	if (!is_seal)
		return aead_open(sa->aead, &text);
	aead_seal(sa->aead, &text);
	return 0;
}

// The sequence number is the IV too: the one thing an IV must never do is to come twice (RFC
// 4106 3.1).
void esp_seal(struct association *sa, const struct esp *esp) {
	uint64_t number = ++sa->sent;
	put_u32(esp->bytes, sa->spi);
	put_u32(esp->bytes + 4, (uint32_t)number);
	put_u64(esp->bytes + ESP_HEADER_BYTES, number);
	run(sa, esp, number, true);
}

int esp_open(struct association *sa, const struct esp *esp) {
	uint64_t number = replay_infer(&sa->replay, get_u32(esp->bytes + 4));
	if (!replay_is_new(&sa->replay, number))
		return tunnel_result(DROP_ESP_REPLAYED);
	if (run(sa, esp, number, false) != 0)
		return tunnel_result(DROP_ESP_BAD_TAG);
	replay_accept(&sa->replay, number);
	return 0;
}
