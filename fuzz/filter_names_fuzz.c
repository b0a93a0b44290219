// Any expression: names become addresses, or it is refused with a reason; what was put in place of
// them has nothing left to be replaced.

#include <stdint.h>

#include "base/assert.h"
#include "live/filter_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	static const struct filter_host some[] = {
		{"a", "10.0.0.4"}, {"both-vm", "10.1.0.4"}, {"both-vm", "fd00::4"}};
	const struct filter_hosts hosts = {some, sizeof(some) / sizeof(some[0])};
	struct text expression, out, again, problem;
	text_init(&expression);
	text_init(&out);
	text_init(&again);
	text_init(&problem);
	text_add_n(&expression, (const char *)data, size_bytes);
	if (filter_put_addresses(text_chars(&expression), &hosts, &out, &problem) == 0) {
		int result = filter_put_addresses(text_chars(&out), &hosts, &again, &problem);
		assert(result == 0 && text_equal(text_chars(&out), text_chars(&again)));
	} else {
		assert(problem.length != 0);
	}
	text_done(&expression);
	text_done(&out);
	text_done(&again);
	text_done(&problem);
	return 0;
}
