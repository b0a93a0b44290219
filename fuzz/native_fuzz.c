// The topology file from any bytes: read, mistaken or not, then its sites and its cloud lowered as
// far as that goes, and its diagnostics printed. A network without mistakes is finished too.

#include <stddef.h>
#include <stdint.h>

#include "base/names.h"
#include "cloud/cloud.h"
#include "format/native/native.h"
#include "topo/attach_check.h"
#include "topo/site.h"
#include "topo/topo_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
const char *__lsan_default_suppressions(void);

// libfyaml 0.7.12 loses a buffer of 4 KiB when a long quoted scalar ends in a syntax mistake.
const char *__lsan_default_suppressions(void) {
	return "leak:libfyaml.so";
}

static void lower(const struct network_file *file, struct diagnostics *mistakes) {
	struct topo *topo = topo_new("fuzz");
	struct names *ports = names_new();
	struct cloud *cloud = azure_cloud_new(&file->azure);

	site_lower(file->sites, file->site_count, topo, ports, mistakes);
	cloud->ops->lower(cloud, topo, ports, mistakes);
	site_lower_finish(topo, mistakes);
	topo_check_attached(topo, mistakes);
	if (diagnostics_error_count(mistakes) == 0)
		topo_finish(topo);
	cloud->ops->free(cloud);
	names_free(ports);
	topo_free(topo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct arena *arena = arena_new();
	struct diagnostics *mistakes = diagnostics_new();
	struct network_file *file = NULL;
	struct text said;

	text_init(&said);
	const struct native_text source = {"fuzz", (const char *)data, size_bytes};
	if (native_read_text(&source, arena, &file, mistakes) == 0)
		lower(file, mistakes);
	diagnostics_settle(mistakes);
	diagnostics_format(mistakes, &said);
	text_done(&said);
	diagnostics_free(mistakes);
	arena_free(arena);
	return 0;
}
