#include "live/batch.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "base/memory.h"

struct batch {
	struct io_uring ring;
	bool is_refused;
};

struct batch *batch_new(void) {
	struct batch *batch = memory_alloc(sizeof(*batch));
	batch->is_refused = false;
	if (io_uring_queue_init(BATCH_READS_MAX, &batch->ring, 0) == 0)
		return batch;
	free(batch);
	return NULL;
}

void batch_free(struct batch *batch) {
	if (batch == NULL)
		return;
	io_uring_queue_exit(&batch->ring);
	free(batch);
}

static void take_results(struct batch *batch, struct batch_read *reads, size_t count) {
	struct io_uring_cqe *done[BATCH_READS_MAX];
	unsigned found = io_uring_peek_batch_cqe(&batch->ring, done, (unsigned)count);
	for (unsigned i = 0; i < found; i++)
		reads[io_uring_cqe_get_data64(done[i])].got = done[i]->res;
	io_uring_cq_advance(&batch->ring, found);
	// The first kernels with io_uring can't read so from every kind of file.
	if (reads[0].got == -EOPNOTSUPP || reads[0].got == -EINVAL)
		batch->is_refused = true;
}

bool batch_read(struct batch *batch, int fd, struct batch_read *reads, size_t count) {
	assert(count > 0 && count <= BATCH_READS_MAX);
	if (batch->is_refused)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&batch->ring);
		io_uring_prep_read(sqe, fd, reads[i].bytes, (unsigned)reads[i].room, 0);
		// Without it a read that finds nothing would wait for more in the background.
		sqe->rw_flags = RWF_NOWAIT;
		io_uring_sqe_set_data64(sqe, i);
		reads[i].got = -EAGAIN;
	}
	int submitted = io_uring_submit_and_wait(&batch->ring, (unsigned)count);
	if (submitted < 0)
		batch->is_refused = true;
	else
		take_results(batch, reads, count);
	return !batch->is_refused;
}
