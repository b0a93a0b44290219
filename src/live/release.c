#include "live/release.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

// Each closes its share in turn. 100 devices took 2.35 s with one, 0.17 s with 16, 0.09 s with 50.
#define THREADS_MAX 50
// They do nothing but close.
#define STACK_BYTES 65536

struct share {
	const int *fds;
	size_t count, first, step;
};

static void *close_share(void *owner) {
	const struct share *share = owner;
	for (size_t i = share->first; i < share->count; i += share->step)
		close(share->fds[i]);
	return NULL;
}

void release_all(const int *fds, size_t count) {
	pthread_t threads[THREADS_MAX];
	bool runs[THREADS_MAX] = {false};
	struct share shares[THREADS_MAX];
	size_t step = count < THREADS_MAX ? count : THREADS_MAX;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (size_t i = 0; i < step; i++) {
		shares[i] = (struct share){fds, count, i, step};
		// The caller takes the first share, and those that get no thread.
		runs[i] = i > 0 && pthread_create(&threads[i], &attributes, close_share, &shares[i]) == 0;
	}
	for (size_t i = 0; i < step; i++) {
		if (!runs[i])
			close_share(&shares[i]);
	}
	for (size_t i = 0; i < step; i++) {
		if (runs[i])
			pthread_join(threads[i], NULL);
	}
	pthread_attr_destroy(&attributes);
}
