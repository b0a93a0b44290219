#include "live/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void resolve_init(struct resolve *resolve, size_t count) {
	resolve->count = count;
	resolve->entries = memory_alloc(memory_product(count + 1, sizeof(*resolve->entries)));
}

void resolve_done(struct resolve *resolve) {
	free(resolve->entries);
	*resolve = (struct resolve){0};
}

struct resolve_entry *resolve_find(struct resolve *resolve, struct ip address) {
	for (size_t i = 0; i < resolve->count; i++) {
		if (ip_equal(resolve->entries[i].address, address))
			return &resolve->entries[i];
	}
	return NULL;
}

static void forget(struct resolve_entry *entry) {
	entry->is_known = false;
	entry->asks = 0;
}

enum resolve_step resolve_use(struct resolve_entry *entry, instant now) {
	if (entry->is_known && instant_since(now, entry->confirmed) < RESOLVE_FRESH_NS)
		return RESOLVE_GO;
	if (entry->asks != 0 && instant_since(now, entry->asked) < RESOLVE_ASK_NS)
		return entry->is_known ? RESOLVE_GO : RESOLVE_WAIT;
	if (entry->asks == RESOLVE_ASKS_MAX) {
		forget(entry);
		return RESOLVE_GIVE_UP;
	}
	entry->asks++;
	entry->asked = now;
	return entry->is_known ? RESOLVE_GO_AND_ASK : RESOLVE_ASK;
}

bool resolve_learn(struct resolve_entry *entry, const uint8_t mac[MAC_BYTES], instant now) {
	// No device's own: a group's, or none.
	static const uint8_t none[MAC_BYTES];
	if ((mac[0] & 1) != 0 || memcmp(mac, none, MAC_BYTES) == 0)
		return false;
	bool is_new = !entry->is_known || memcmp(entry->mac, mac, MAC_BYTES) != 0;
	memcpy(entry->mac, mac, MAC_BYTES);
	entry->is_known = true;
	entry->confirmed = now;
	entry->asks = 0;
	return is_new;
}

void resolve_forget(struct resolve *resolve) {
	for (size_t i = 0; i < resolve->count; i++)
		forget(&resolve->entries[i]);
}
