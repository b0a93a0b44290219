// Memory: arenas for whole lifetimes, checked allocation for what comes and goes.
//
// Running out of memory is not an error callers handle: the program prints one line and aborts
// (docs/decisions/0001-out-of-memory.md). So none of these return NULL.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

// An arena owns all that was allocated from it; arena_free(NULL) does nothing.
struct arena *arena_new(void);
void arena_free(struct arena *arena);

// Zeroed memory, aligned for any type, valid until the arena is freed.
void *arena_alloc(struct arena *arena, size_t size_bytes);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Bytes handed out so far, padding included.
size_t arena_used_bytes(const struct arena *arena);

// One object or array from an arena: ARENA_NEW(arena, struct node), ARENA_ARRAY(arena, int, n).
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) \
	((type *)arena_alloc((arena), memory_product((count), sizeof(type))))

// Heap memory, zeroed; released with free().
void *memory_alloc(size_t size_bytes);
void *memory_realloc(void *old, size_t size_bytes); // the grown part is not zeroed
char *memory_strdup(const char *text);

// From now on heap memory in pieces of so many bytes or more goes back to the kernel when it is
// released, whatever was allocated behind it.
void memory_return_from(size_t size_bytes);

// a * b; aborts when it overflows.
size_t memory_product(size_t a, size_t b);

// Room for one more item in a heap array that doubles: call before items[count] is written.
// `*room` is the array's present room in items. Returns the (possibly moved) array.
void *array_grow(void *items, size_t *room, size_t count, size_t item_bytes);

// Appends to {items, count, room}: ARRAY_PUSH(list, value) with those three members.
#define ARRAY_PUSH(list, value)                                                              \
	do {                                                                                     \
		(list)->items =                                                                      \
			array_grow((list)->items, &(list)->room, (list)->count, sizeof(*(list)->items)); \
		(list)->items[(list)->count++] = (value);                                            \
	} while (0)
