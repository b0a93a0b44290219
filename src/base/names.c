#include "base/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

// A hash table with open addressing, at most half full; its size is a power of two.
#define SLOTS_FIRST ((size_t)16)

struct name {
	const char *text;
	uint64_t hash;
};

struct names {
	struct arena *arena; // the texts
	struct name *items;
	size_t count;
	size_t room;
	uint32_t *slots; // numbers of names, NAME_NONE where free
	size_t slot_count;
};

static void slots_reset(struct names *names, size_t slot_count) {
	free(names->slots);
	names->slots = memory_alloc(memory_product(slot_count, sizeof(*names->slots)));
	names->slot_count = slot_count;
	for (size_t i = 0; i < slot_count; i++)
		names->slots[i] = NAME_NONE;
}

struct names *names_new(void) {
	struct names *names = memory_alloc(sizeof(*names));

	names->arena = arena_new();
	slots_reset(names, SLOTS_FIRST);
	return names;
}

void names_free(struct names *names) {
	if (!names)
		return;
	arena_free(names->arena);
	free(names->items);
	free(names->slots);
	free(names);
}

// The slot that holds the name, or the free one where it would go.
static uint32_t *slot_of(const struct names *names, uint64_t hash, const char *text) {
	size_t mask = names->slot_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t number = names->slots[i];
		if (number == NAME_NONE)
			return &names->slots[i];
		if (names->items[number].hash == hash && text_equal(names->items[number].text, text))
			return &names->slots[i];
	}
}

static void slots_grow(struct names *names) {
	slots_reset(names, memory_product(names->slot_count, 2));
	for (size_t i = 0; i < names->count; i++)
		*slot_of(names, names->items[i].hash, names->items[i].text) = (uint32_t)i;
}

uint32_t names_add(struct names *names, const char *name) {
	uint64_t hash = digest_of(name, strlen(name));
	uint32_t *slot = slot_of(names, hash, name);

	if (*slot != NAME_NONE)
		return *slot;
	assert(names->count < NAME_NONE);
	uint32_t number = (uint32_t)names->count;
	*slot = number;
	ARRAY_PUSH(names, ((struct name){arena_strdup(names->arena, name), hash}));
	if (names->count > names->slot_count / 2)
		slots_grow(names);
	return number;
}

uint32_t names_find(const struct names *names, const char *name) {
	return *slot_of(names, digest_of(name, strlen(name)), name);
}

const char *names_text(const struct names *names, uint32_t number) {
	assert(number < names->count);
	return names->items[number].text;
}

size_t names_count(const struct names *names) {
	return names->count;
}

const char *names_nearest(const struct names *names, const char *name) {
	size_t limit = strlen(name) / 3;
	const char *nearest = NULL;

	// A later name must be strictly nearer, so the first of equals wins.
	for (size_t i = 0; i < names->count; i++) {
		size_t distance = text_distance(name, names->items[i].text, limit);
		if (distance > limit)
			continue;
		nearest = names->items[i].text;
		if (distance == 0)
			break;
		limit = distance - 1;
	}
	return nearest;
}
