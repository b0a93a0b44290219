#include "base/marks.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

#define ROOM_FIRST 1024 // slots; a power of two, kept at most half full

struct slot {
	const void *member; // NULL: free
	struct place place;
	bool is_doubtful;
};

struct marks {
	struct slot *slots;
	size_t room, count;
};

struct marks *marks_new(void) {
	return memory_alloc(sizeof(struct marks));
}

void marks_free(struct marks *marks) {
	if (!marks)
		return;
	free(marks->slots);
	free(marks);
}

// Fibonacci hashing: the middle bits of the product are well mixed.
static size_t slot_of(const struct slot *slots, size_t room, const void *member) {
	uint64_t mixed = (uint64_t)(uintptr_t)member * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed >> 20) & (room - 1);

	while (slots[at].member && slots[at].member != member) // ends: half of the slots are free
		at = (at + 1) & (room - 1);
	return at;
}

static void grow(struct marks *marks) {
	size_t room = marks->room ? marks->room * 2 : ROOM_FIRST;
	struct slot *slots = memory_alloc(memory_product(room, sizeof(*slots)));

	for (size_t i = 0; i < marks->room; i++) {
		if (marks->slots[i].member)
			slots[slot_of(slots, room, marks->slots[i].member)] = marks->slots[i];
	}
	free(marks->slots);
	marks->slots = slots;
	marks->room = room;
}

static struct slot *slot_for(struct marks *marks, const void *member) {
	if (marks->count * 2 >= marks->room)
		grow(marks);
	struct slot *slot = &marks->slots[slot_of(marks->slots, marks->room, member)];
	marks->count += slot->member == NULL;
	slot->member = member;
	return slot;
}

static const struct slot *find(const struct marks *marks, const void *member) {
	if (marks->count == 0 || !member)
		return NULL;
	const struct slot *slot = &marks->slots[slot_of(marks->slots, marks->room, member)];
	return slot->member ? slot : NULL;
}

void marks_place_set(struct marks *marks, const void *member, struct place place) {
	slot_for(marks, member)->place = place;
}

struct place marks_place(const struct marks *marks, const void *member, struct place otherwise) {
	const struct slot *slot = find(marks, member);

	return slot && slot->place.file ? slot->place : otherwise;
}

void marks_doubt(struct marks *marks, const void *member) {
	slot_for(marks, member)->is_doubtful = true;
}

bool marks_is_doubtful(const struct marks *marks, const void *member) {
	const struct slot *slot = find(marks, member);

	return slot && slot->is_doubtful;
}

void marks_copy(struct marks *marks, const void *from, const void *to, size_t size_bytes) {
	for (size_t i = 0; i < size_bytes; i++) {
		const struct slot *known = find(marks, (const char *)from + i);
		if (!known)
			continue;
		struct slot copy = *known; // the next call may move the slots
		struct slot *slot = slot_for(marks, (const char *)to + i);
		slot->place = copy.place;
		slot->is_doubtful = copy.is_doubtful;
	}
}
