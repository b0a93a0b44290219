// The topology file from any bytes: read, and when that succeeds, its sites lowered and its
// diagnostics printed.

#include <stddef.h>
#include <stdint.h>

#include "base/names.h"
#include "format/native/native.h"
#include "topo/topo_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
const char *__lsan_default_suppressions(void);

// libfyaml 0.7.12 loses a buffer of 4 KiB when a long quoted scalar ends in a syntax mistake.
const char *__lsan_default_suppressions(void) {
	return "leak:libfyaml.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct arena *arena = arena_new();
	struct diagnostics *mistakes = diagnostics_new();
	struct network_file *file = NULL;
	struct text said;

	text_init(&said);
	const struct native_text source = {"fuzz", (const char *)data, size_bytes};
	if (native_load_text(&source, arena, &file, mistakes) == 0) {
		struct topo *topo = topo_new("fuzz");
		struct names *ports = names_new();
		site_lower(file->sites, file->site_count, topo, ports, mistakes);
		topo_finish(topo);
		names_free(ports);
		topo_free(topo);
	}
	diagnostics_format(mistakes, &said);
	text_done(&said);
	diagnostics_free(mistakes);
	arena_free(arena);
	return 0;
}
