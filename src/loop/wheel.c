#include "loop/wheel_int.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

// An empty slot keeps room for so many.
#define SLOT_ROOM_KEPT 64

void wheel_done(struct wheel *wheel) {
	for (size_t i = 0; i < WHEEL_LEVELS * WHEEL_SLOTS; i++)
		free(wheel->slots[i].items);
}

static void put(struct wheel *wheel, const struct event *event, uint64_t tick) {
	unsigned highest = 63 - (unsigned)__builtin_clzll(tick ^ wheel->cursor);
	unsigned level = highest / WHEEL_DIGIT_BITS;
	unsigned digit = tick >> (level * WHEEL_DIGIT_BITS) & (WHEEL_SLOTS - 1);
	struct wheel_slot *slot = &wheel->slots[level * WHEEL_SLOTS + digit];
	event->timer->slot = (uint16_t)(level * WHEEL_SLOTS + digit);
	event->timer->index = slot->count;
	ARRAY_PUSH(slot, *event);
	wheel->slots_used[level] |= 1ULL << digit;
	wheel->levels_used |= 1ULL << level;
}

static void mark_empty(struct wheel *wheel, unsigned level, unsigned digit) {
	wheel->slots_used[level] &= ~(1ULL << digit);
	if (wheel->slots_used[level] == 0)
		wheel->levels_used &= ~(1ULL << level);
}

void wheel_add(struct wheel *wheel, const struct event *event) {
	uint64_t tick = wheel_tick(event->due_ns);
	assert(tick > wheel->cursor);
	put(wheel, event, tick);
	event->timer->place = TIMER_IN_WHEEL;
	wheel->count++;
}

// The slot's last one takes its place.
void wheel_remove(struct wheel *wheel, struct timer *timer) {
	struct wheel_slot *slot = &wheel->slots[timer->slot];
	assert(timer->index < slot->count && slot->items[timer->index].timer == timer);
	struct event last = slot->items[--slot->count];
	slot->items[timer->index] = last;
	last.timer->index = timer->index;
	if (slot->count == 0)
		mark_empty(wheel, timer->slot / WHEEL_SLOTS, timer->slot % WHEEL_SLOTS);
	wheel->count--;
}

// The first slot in time that holds any timer, and the tick it begins with.
static uint64_t first_slot(const struct wheel *wheel, unsigned *level, unsigned *digit) {
	*level = (unsigned)__builtin_ctzll(wheel->levels_used);
	*digit = (unsigned)__builtin_ctzll(wheel->slots_used[*level]);
	unsigned shift = *level * WHEEL_DIGIT_BITS;
	uint64_t above = wheel->cursor >> shift >> WHEEL_DIGIT_BITS << WHEEL_DIGIT_BITS;
	return (above | *digit) << shift;
}

instant wheel_bound(const struct wheel *wheel) {
	unsigned level, digit;
	assert(wheel->count > 0);
	return (instant){(int64_t)(first_slot(wheel, &level, &digit) << WHEEL_TICK_BITS)};
}

void wheel_turn(struct wheel *wheel, wheel_take_fn *take, void *owner) {
	unsigned level, digit;
	assert(wheel->count > 0);
	wheel->cursor = first_slot(wheel, &level, &digit);
	struct wheel_slot *slot = &wheel->slots[level * WHEEL_SLOTS + digit];
	mark_empty(wheel, level, digit);
	// Seen from the cursor now, none of them belongs to this slot or one of its level any more.
	for (size_t i = 0; i < slot->count; i++) {
		uint64_t tick = wheel_tick(slot->items[i].due_ns);
		if (tick > wheel->cursor) {
			put(wheel, &slot->items[i], tick);
			continue;
		}
		wheel->count--;
		take(owner, &slot->items[i]);
	}
	slot->count = 0;
	if (slot->room > SLOT_ROOM_KEPT) {
		free(slot->items);
		*slot = (struct wheel_slot){0};
	}
}
