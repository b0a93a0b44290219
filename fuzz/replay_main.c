// Runs a fuzz target over its seed corpus without libFuzzer: each file whole, and cut at every
// length, which is what a decoder of wire data must survive first. Every input is a heap block of
// exactly its size, so that the sanitizer build sees a read past its end.

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define INPUT_MAX_BYTES ((size_t)1 << 20)
#define CUTS_MAX ((size_t)2048)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void replay(const uint8_t *bytes, size_t length) {
	uint8_t *exact = malloc(length ? length : 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, length);
	LLVMFuzzerTestOneInput(exact, length);
	free(exact);
}

static int replay_file(const char *path) {
	uint8_t *bytes = memory_alloc(INPUT_MAX_BYTES);
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		free(bytes);
		return 1;
	}
	size_t length = fread(bytes, 1, INPUT_MAX_BYTES, file);
	fclose(file);
	replay(bytes, length);
	for (size_t cut = 0; cut < length && cut < CUTS_MAX; cut++)
		replay(bytes, cut);
	free(bytes);
	return 0;
}

static int is_visible(const struct dirent *entry) {
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
	struct dirent **entries;
	int failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	int count = scandir(argv[1], &entries, is_visible, alphasort);
	if (count <= 0) {
		fprintf(stderr, "%s: no seeds; a fuzz target comes with some\n", argv[1]);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		struct text path;
		text_init(&path);
		text_printf(&path, "%s/%s", argv[1], entries[i]->d_name);
		failed |= replay_file(text_chars(&path));
		text_done(&path);
		free(entries[i]);
	}
	free(entries);
	printf("%d seeds replayed\n", count);
	return failed;
}
