#include "live/filter.h"

#include <dlfcn.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SNAPLEN 65535

// What is used of libpcap.
struct libpcap {
	__typeof__(pcap_open_dead) *open_dead;
	__typeof__(pcap_compile) *compile;
	__typeof__(pcap_freecode) *freecode;
	__typeof__(pcap_geterr) *geterr;
	__typeof__(pcap_close) *close;
};

static bool find(void *library, const char *name, void *function) {
	void *address = dlsym(library, name);
	// POSIX lets data pointers hold functions; C has no cast for it.
	memcpy(function, &address, sizeof(address));
	return address != NULL;
}

// The library stays open until the program ends.
static int open_libpcap(struct libpcap *pcap, struct text *problem) {
	// Debian's name for it, then everybody else's.
	static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1"};
	void *library = NULL;
	for (size_t i = 0; library == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		text_printf(problem,
			"filters need libpcap, which is not installed here (%s); Debian's "
			"package is libpcap0.8",
			names[0]);
		return -ELIBACC;
	}
	if (find(library, "pcap_open_dead", &pcap->open_dead) &&
		find(library, "pcap_compile", &pcap->compile) &&
		find(library, "pcap_freecode", &pcap->freecode) &&
		find(library, "pcap_geterr", &pcap->geterr) && find(library, "pcap_close", &pcap->close))
		return 0;
	text_add(problem, "the libpcap that is installed here lacks what filters need");
	return -ELIBACC;
}

static struct bpf_step *copy_steps(const struct bpf_program *from) {
	struct bpf_step *steps = memory_alloc(memory_product(from->bf_len + 1, sizeof(*steps)));
	for (size_t i = 0; i < from->bf_len; i++) {
		const struct bpf_insn *step = &from->bf_insns[i];
		steps[i] = (struct bpf_step){step->code, step->jt, step->jf, step->k};
	}
	return steps;
}

static int compile(const struct libpcap *pcap, const char *expression, struct bpf_filter *out,
	struct text *problem) {
	struct bpf_program compiled;
	pcap_t *handle = pcap->open_dead(DLT_RAW, SNAPLEN);
	if (handle == NULL)
		return -ENOMEM;
	if (pcap->compile(handle, &compiled, expression, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		text_printf(problem, "filter \"%s\": %s", expression, pcap->geterr(handle));
		pcap->close(handle);
		return -EINVAL;
	}
	struct bpf_filter made = {copy_steps(&compiled), compiled.bf_len};
	pcap->freecode(&compiled);
	pcap->close(handle);
	if (bpf_check(&made) == 0) {
		*out = made;
		return 0;
	}
	filter_done(&made);
	text_printf(problem,
		"filter \"%s\": it becomes more than %d steps, or asks for what only a kernel knows",
		expression, BPF_STEPS_MAX);
	return -EINVAL;
}

int filter_compile(const char *expression, struct bpf_filter *out, struct text *problem) {
	struct libpcap pcap;
	int result = open_libpcap(&pcap, problem);
	return result < 0 ? result : compile(&pcap, expression, out, problem);
}

void filter_done(struct bpf_filter *filter) {
	free(filter->steps);
	*filter = (struct bpf_filter){0};
}
