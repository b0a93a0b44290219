#include "base/memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

// GCC says so by a macro, clang by a feature.
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifdef IS_SANITIZED
#include <sanitizer/asan_interface.h>
// Poisoned bytes after each object, so that a write past its end is found inside an arena too.
enum { ARENA_GUARD_BYTES = 16 };
#else
enum { ARENA_GUARD_BYTES = 0 };
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

// Chunks double from the first size to the last, so that a small arena stays small and a large
// one makes few calls. An object that fits in neither gets a chunk of its own.
#define CHUNK_FIRST_BYTES ((size_t)4096)
#define CHUNK_LAST_BYTES ((size_t)1 << 20)
#define ARRAY_FIRST_ITEMS ((size_t)8)

struct chunk {
	struct chunk *next;
	size_t size_bytes;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct chunk *chunks; // the newest first; all but it are full
	size_t free_bytes;    // at the end of the newest chunk
	size_t next_chunk_bytes;
	size_t used_bytes;
};

static void out_of_memory(size_t size_bytes) __attribute__((noreturn));

static void out_of_memory(size_t size_bytes) {
	fprintf(stderr, "interplane: out of memory (%zu bytes asked for)\n", size_bytes);
	abort();
}

struct arena *arena_new(void) {
	struct arena *arena = memory_alloc(sizeof(*arena));

	arena->next_chunk_bytes = CHUNK_FIRST_BYTES;
	return arena;
}

void arena_free(struct arena *arena) {
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size_bytes);
		free(chunk);
	}
	free(arena);
}

static struct chunk *chunk_new(size_t size_bytes) {
	struct chunk *chunk = memory_alloc(sizeof(*chunk) + size_bytes);

	chunk->size_bytes = size_bytes;
	ASAN_POISON_MEMORY_REGION(chunk->bytes, size_bytes);
	return chunk;
}

// A large object's chunk goes behind the newest one, whose free end stays in use.
static void *alloc_alone(struct arena *arena, size_t padded, size_t size_bytes) {
	struct chunk *chunk = chunk_new(padded);

	if (arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		arena->chunks = chunk;
		arena->free_bytes = 0;
	}
	ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, size_bytes);
	return chunk->bytes;
}

void *arena_alloc(struct arena *arena, size_t size_bytes) {
	const size_t align = alignof(max_align_t);

	if (size_bytes > SIZE_MAX / 2)
		out_of_memory(size_bytes);
	size_t padded = (size_bytes + align - 1) / align * align;
	if (padded == 0)
		padded = align; // so that two empty objects have two addresses
	arena->used_bytes += padded;
	padded += ARENA_GUARD_BYTES;
	if (padded > arena->free_bytes) {
		if (padded > arena->next_chunk_bytes / 4)
			return alloc_alone(arena, padded, size_bytes);
		struct chunk *chunk = chunk_new(arena->next_chunk_bytes);
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->free_bytes = chunk->size_bytes;
		if (arena->next_chunk_bytes < CHUNK_LAST_BYTES)
			arena->next_chunk_bytes *= 2;
	}
	struct chunk *chunk = arena->chunks;
	unsigned char *at = chunk->bytes + (chunk->size_bytes - arena->free_bytes);
	arena->free_bytes -= padded;
	ASAN_UNPOISON_MEMORY_REGION(at, size_bytes);
	return at;
}

char *arena_strdup(struct arena *arena, const char *text) {
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
	size_t used = strnlen(text, length);
	char *copy = arena_alloc(arena, used + 1);

	memcpy(copy, text, used);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
	char *printed;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&printed, format, args);
	va_end(args);
	if (length < 0)
		out_of_memory(0);
	char *text = arena_strndup(arena, printed, (size_t)length);
	free(printed);
	return text;
}

size_t arena_used_bytes(const struct arena *arena) {
	return arena->used_bytes;
}

void *memory_alloc(size_t size_bytes) {
	// calloc(0) may return NULL, which no caller expects.
	void *memory = calloc(1, size_bytes ? size_bytes : 1);

	if (!memory)
		out_of_memory(size_bytes);
	return memory;
}

void *memory_realloc(void *old, size_t size_bytes) {
	void *memory = realloc(old, size_bytes ? size_bytes : 1);

	if (!memory)
		out_of_memory(size_bytes);
	return memory;
}

char *memory_strdup(const char *text) {
	size_t length = strlen(text);
	char *copy = memory_alloc(length + 1);

	memcpy(copy, text, length);
	return copy;
}

void memory_return_from(size_t size_bytes) {
	mallopt(M_MMAP_THRESHOLD, (int)size_bytes);
}

size_t memory_product(size_t a, size_t b) {
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		out_of_memory(SIZE_MAX);
	return product;
}

void *array_grow(void *items, size_t *room, size_t count, size_t item_bytes) {
	assert(count <= *room);
	if (count < *room)
		return items;
	size_t larger = *room ? memory_product(*room, 2) : ARRAY_FIRST_ITEMS;
	void *moved = memory_realloc(items, memory_product(larger, item_bytes));
	*room = larger;
	return moved;
}
