#include "analyze/admitted.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

// A crossing is one number: the port's, twice, and one more for a packet that left by it.
struct admitted {
	size_t count;
	uint32_t crossings[]; // sorted
};

struct admitted_table {
	struct admitted **items;
	size_t count, room;
};

static const struct admitted everywhere = {0};
const struct admitted *const ADMITTED_EVERYWHERE = &everywhere;

struct admitted_table *admitted_table_new(void) {
	return memory_alloc(sizeof(struct admitted_table));
}

void admitted_table_free(struct admitted_table *table) {
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->items[i]);
	free(table->items);
	free(table);
}

static uint32_t crossing_of(uint32_t port, bool is_leaving) {
	assert(port <= UINT32_MAX / 2);
	return port * 2 + is_leaving;
}

// Where the crossing stands in the set, or would.
static size_t position_of(const struct admitted *set, uint32_t crossing) {
	size_t at = 0;

	while (set != NULL && at < set->count && set->crossings[at] < crossing)
		at++;
	return at;
}

static bool holds(const struct admitted *set, uint32_t crossing) {
	size_t at = position_of(set, crossing);

	return set != NULL && at < set->count && set->crossings[at] == crossing;
}

const struct admitted *admitted_with(
	struct admitted_table *table, const struct admitted *set, uint32_t port, bool is_leaving) {
	uint32_t crossing = crossing_of(port, is_leaving);
	size_t count = set != NULL ? set->count : 0;
	size_t at = position_of(set, crossing);

	assert(set != ADMITTED_EVERYWHERE);
	if (holds(set, crossing))
		return set;
	struct admitted *fresh = memory_alloc(sizeof(*fresh) + (count + 1) * sizeof(uint32_t));
	fresh->count = count + 1;
	fresh->crossings[at] = crossing;
	for (size_t i = 0; i < count; i++)
		fresh->crossings[i < at ? i : i + 1] = set->crossings[i];
	for (size_t i = 0; i < table->count; i++) {
		const struct admitted *known = table->items[i];
		if (known->count != fresh->count ||
			memcmp(known->crossings, fresh->crossings, fresh->count * sizeof(uint32_t)) != 0)
			continue;
		free(fresh);
		return known;
	}
	ARRAY_PUSH(table, fresh);
	return fresh;
}

bool admitted_passes_answer(const struct admitted *set, uint32_t port, bool is_leaving) {
	return set == ADMITTED_EVERYWHERE || holds(set, crossing_of(port, !is_leaving));
}
