#include "live/batch.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"

struct batch {
	struct io_uring ring;
	bool is_refused;
};

enum direction {
	DIRECTION_READ,
	DIRECTION_WRITE,
};

struct batch *batch_new(void) {
	struct batch *batch = memory_alloc(sizeof(*batch));
	batch->is_refused = false;
	if (io_uring_queue_init(BATCH_MAX, &batch->ring, 0) == 0)
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

static void do_one(enum direction direction, struct batch_item *item) {
	item->done = direction == DIRECTION_READ ? read(item->fd, item->bytes, item->length)
											 : write(item->fd, item->bytes, item->length);
	if (item->done < 0)
		item->done = -errno;
}

static void prepare(
	struct batch *batch, enum direction direction, const struct batch_item *items, size_t i) {
	struct io_uring_sqe *sqe = io_uring_get_sqe(&batch->ring);
	unsigned length = (unsigned)items[i].length;
	if (direction == DIRECTION_READ)
		io_uring_prep_read(sqe, items[i].fd, items[i].bytes, length, 0);
	else
		io_uring_prep_write(sqe, items[i].fd, items[i].bytes, length, 0);
	// Without it one that would have to wait goes on in the background.
	sqe->rw_flags = RWF_NOWAIT;
	io_uring_sqe_set_data64(sqe, i);
}

static void take_results(struct batch *batch, struct batch_item *items, size_t count) {
	struct io_uring_cqe *done[BATCH_MAX];
	unsigned found = io_uring_peek_batch_cqe(&batch->ring, done, (unsigned)count);
	for (unsigned i = 0; i < found; i++)
		items[io_uring_cqe_get_data64(done[i])].done = done[i]->res;
	io_uring_cq_advance(&batch->ring, found);
}

// How many the kernel took. The first kernels with io_uring can't do this with every kind of file.
static size_t do_together(
	struct batch *batch, enum direction direction, struct batch_item *items, size_t count) {
	for (size_t i = 0; i < count; i++)
		prepare(batch, direction, items, i);
	int taken = io_uring_submit_and_wait(&batch->ring, (unsigned)count);
	if (taken > 0)
		take_results(batch, items, (size_t)taken);
	// What it did not take stays in the ring, which must not be used again.
	if (taken < (int)count)
		batch->is_refused = true;
	if (taken <= 0 || items[0].done == -EOPNOTSUPP || items[0].done == -EINVAL) {
		batch->is_refused = true;
		return 0;
	}
	return (size_t)taken;
}

static void do_all(
	struct batch *batch, enum direction direction, struct batch_item *items, size_t count) {
	assert(count > 0 && count <= BATCH_MAX);
	// One is done faster without the ring.
	size_t taken =
		batch->is_refused || count == 1 ? 0 : do_together(batch, direction, items, count);
	for (size_t i = taken; i < count; i++)
		do_one(direction, &items[i]);
}

void batch_read(struct batch *batch, struct batch_item *items, size_t count) {
	do_all(batch, DIRECTION_READ, items, count);
}

void batch_write(struct batch *batch, struct batch_item *items, size_t count) {
	do_all(batch, DIRECTION_WRITE, items, count);
}
