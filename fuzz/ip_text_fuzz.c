// Any text: what parses as an address or prefix must come back from its own printed form.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "net/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_address(const char *text) {
	char printed[IP_TEXT_BYTES];
	struct ip address, again;

	if (ip_parse(text, &address) != 0)
		return;
	assert(strlen(ip_format(address, printed)) < IP_TEXT_BYTES);
	assert(ip_parse(printed, &again) == 0);
	assert(ip_equal(address, again));
}

static void check_prefix(const char *text) {
	char printed[PREFIX_TEXT_BYTES];
	struct prefix prefix, again, network;
	struct ip address;
	int result = prefix_parse(text, &prefix);

	if (result == -EINVAL) {
		assert(prefix_parse_interface(text, &address, &network) == -EINVAL);
		return;
	}
	assert(prefix_parse_interface(text, &address, &network) == 0);
	assert(prefix_equal(prefix, network));
	assert(prefix_contains(network, address));
	assert((result == 0) == ip_equal(address, prefix.base));
	assert(strlen(prefix_format(prefix, printed)) < PREFIX_TEXT_BYTES);
	assert(prefix_parse(printed, &again) == 0);
	assert(prefix_equal(prefix, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	char *text = memory_alloc(size_bytes + 1);

	if (size_bytes > 0)
		memcpy(text, data, size_bytes);
	check_address(text);
	check_prefix(text);
	free(text);
	return 0;
}
