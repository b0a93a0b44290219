#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/psk/psk_int.h"

static void every_input_changes_every_key(void **state) {
	(void)state;
	const struct psk_material material = {1, 2, 3, 4, {5}, {6}};
	struct psk_secrets base, same;
	psk_secrets_derive(&material, "key", &base);
	psk_secrets_derive(&material, "key", &same);
	assert_memory_equal(&base, &same, sizeof(base));
	struct psk_material others[6];
	for (size_t i = 0; i < 6; i++)
		others[i] = material;
	others[0].initiator_spi++;
	others[1].responder_spi++;
	others[2].initiator_child_spi++;
	others[3].responder_child_spi++;
	others[4].initiator_nonce[31]++;
	others[5].responder_nonce[31]++;
	for (size_t i = 0; i <= 6; i++) {
		struct psk_secrets changed;
		psk_secrets_derive(i < 6 ? &others[i] : &material, i < 6 ? "key" : "kez", &changed);
		for (size_t role = 0; role < 2; role++) {
			assert_memory_not_equal(base.auth[role], changed.auth[role], HASH_BYTES);
			assert_memory_not_equal(base.probe[role], changed.probe[role], HASH_BYTES);
			assert_memory_not_equal(base.esp[role], changed.esp[role], PSK_KEY_BYTES);
		}
	}
}

static void the_two_directions_have_keys_of_their_own(void **state) {
	(void)state;
	const struct psk_material material = {1, 2, 3, 4, {5}, {6}};
	struct psk_secrets secrets;
	psk_secrets_derive(&material, "key", &secrets);
	assert_memory_not_equal(secrets.auth[0], secrets.auth[1], HASH_BYTES);
	assert_memory_not_equal(secrets.probe[0], secrets.probe[1], HASH_BYTES);
	assert_memory_not_equal(secrets.esp[0], secrets.esp[1], PSK_KEY_BYTES);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_input_changes_every_key),
		cmocka_unit_test(the_two_directions_have_keys_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
