#include <string.h>

#include "proto/psk/psk_int.h"

// RFC 5869, in the place of RFC 7296 2.14's prf+: both nonces are the salt, the shared key is the
// secret, and the SPIs of the agreement and of ESP bind the keys to this exchange.
void psk_secrets_derive(
	const struct psk_material *material, const char *shared_key, struct psk_secrets *out) {
	static const char label[] = "interplane psk 1";
	uint8_t salt[2 * PSK_NONCE_BYTES];
	uint8_t info[sizeof(label) + 24];
	memcpy(salt, material->initiator_nonce, PSK_NONCE_BYTES);
	memcpy(salt + PSK_NONCE_BYTES, material->responder_nonce, PSK_NONCE_BYTES);
	struct writer writer = writer_of(info, sizeof(info));
	write_bytes(&writer, label, sizeof(label));
	write_u64(&writer, material->initiator_spi);
	write_u64(&writer, material->responder_spi);
	write_u32(&writer, material->initiator_child_spi);
	write_u32(&writer, material->responder_child_spi);
	const struct hkdf_input input = {
		.salt = salt,
		.secret = shared_key,
		.info = info,
		.salt_bytes = sizeof(salt),
		.secret_bytes = strlen(shared_key),
		.info_bytes = writer_length(&writer),
	};
	uint8_t keys[sizeof(out->auth) + sizeof(out->probe) + sizeof(out->esp)];
	hkdf_sha256(&input, keys, sizeof(keys));
	memcpy(out->auth, keys, sizeof(out->auth));
	memcpy(out->probe, keys + sizeof(out->auth), sizeof(out->probe));
	memcpy(out->esp, keys + sizeof(out->auth) + sizeof(out->probe), sizeof(out->esp));
	secret_wipe(keys, sizeof(keys));
}
