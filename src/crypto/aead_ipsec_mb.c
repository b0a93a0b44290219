// AES-256-GCM by intel-ipsec-mb, which has no state to set up for a packet. The library is opened
// when it is first asked for: linked, it would cost every start of the program 0.2 ms.
#include "crypto/aead_int.h"

#ifdef HAVE_IPSEC_MB

#include <dlfcn.h>
#include <errno.h>
#include <intel-ipsec-mb.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

#define LIBRARY "libIPSec_MB.so.1"
// Without these the library falls back to emulation in C, which libcrypto beats.
#define FEATURES_NEEDED (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ)

// What the library's own build gives the structure; its header does so only under a name of its
// own.
#define SCHEDULE_ALIGNMENT 64

// Kept until the process ends, as a linked library is.
static IMB_MGR *manager;
static bool was_tried;

static IMB_MGR *manager_open(void *library) {
	unsigned (*get_version)(void);
	IMB_MGR *(*alloc)(uint64_t flags);
	void (*init_auto)(IMB_MGR *, IMB_ARCH *);
	void (*release)(IMB_MGR *);
	*(void **)&get_version = dlsym(library, "imb_get_version");
	*(void **)&alloc = dlsym(library, "alloc_mb_mgr");
	*(void **)&init_auto = dlsym(library, "init_mb_mgr_auto");
	*(void **)&release = dlsym(library, "free_mb_mgr");
	// Later versions of one soname add members at the end of the manager; an earlier one has
	// others than the header says.
	if (get_version == NULL || alloc == NULL || init_auto == NULL || release == NULL ||
		get_version() < IMB_VERSION_NUM)
		return NULL;
	IMB_MGR *made = alloc(0);
	if (made == NULL)
		return NULL;
	init_auto(made, NULL);
	if ((made->features & FEATURES_NEEDED) == FEATURES_NEEDED)
		return made;
	release(made);
	return NULL;
}

static bool is_usable(void) {
	if (was_tried)
		return manager != NULL;
	was_tried = true;
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return false;
	manager = manager_open(library);
	if (manager == NULL)
		dlclose(library);
	return manager != NULL;
}

static void *schedule_new(const uint8_t key[AEAD_KEY_BYTES]) {
	void *schedule = NULL;
	int result = posix_memalign(&schedule, SCHEDULE_ALIGNMENT, sizeof(struct gcm_key_data));
	assert(result == 0);
	manager->gcm256_pre(key, schedule);
	return schedule;
}

static void schedule_free(void *state) {
	secret_wipe(state, sizeof(struct gcm_key_data));
	free(state);
}

// The library takes no NULL, even for no bytes.
static uint8_t *bytes_of(const struct aead_text *text, uint8_t *nothing) {
	return text->length > 0 ? text->bytes : nothing;
}

static void schedule_seal(void *state, const struct aead_text *text) {
	struct gcm_context_data context;
	uint8_t nothing[1];
	uint8_t *bytes = bytes_of(text, nothing);
	manager->gcm256_enc(state, &context, bytes, bytes, text->length, text->nonce, text->associated,
		text->associated_bytes, text->tag, AEAD_TAG_BYTES);
}

static int schedule_open(void *state, const struct aead_text *text) {
	struct gcm_context_data context;
	uint8_t nothing[1], tag[AEAD_TAG_BYTES];
	uint8_t *bytes = bytes_of(text, nothing);
	manager->gcm256_dec(state, &context, bytes, bytes, text->length, text->nonce, text->associated,
		text->associated_bytes, tag, AEAD_TAG_BYTES);
	return secret_compare(tag, text->tag, AEAD_TAG_BYTES) == 0 ? 0 : -EBADMSG;
}

const struct aead_maker aead_ipsec_mb = {
	.name = "intel-ipsec-mb",
	.is_usable = is_usable,
	.new = schedule_new,
	.free = schedule_free,
	.seal = schedule_seal,
	.open = schedule_open,
};

#else

static bool never(void) {
	return false;
}

const struct aead_maker aead_ipsec_mb = {.name = "intel-ipsec-mb", .is_usable = never};

#endif
