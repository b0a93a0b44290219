#include "live/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES (sizeof(NETNS_FOLDER) + NETNS_NAME_MAX + 2)

static void path_of(const char *name, char path[PATH_BYTES]) {
	snprintf(path, PATH_BYTES, NETNS_FOLDER "/%.*s", NETNS_NAME_MAX, name);
}

// The folder becomes a mount of its own that is shared, so that a namespace mounted or unmounted in
// it is so for programs in other mount namespaces too.
static int prepare_folder(void) {
	if (mkdir(NETNS_FOLDER, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno != EINVAL || mount(NETNS_FOLDER, NETNS_FOLDER, "none", MS_BIND | MS_REC, NULL) < 0 ||
		mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL) < 0)
		return -errno;
	return 0;
}

int netns_create(const char *name) {
	char path[PATH_BYTES];
	int result = prepare_folder();
	if (result < 0)
		return result;
	path_of(name, path);
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	close(fd);
	if (unshare(CLONE_NEWNET) < 0 || mount("/proc/self/ns/net", path, "none", MS_BIND, NULL) < 0) {
		result = -errno;
		unlink(path);
	}
	return result;
}

int netns_enter(const char *name) {
	char path[PATH_BYTES];
	path_of(name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return netns_return(fd);
}

bool netns_exists(const char *name) {
	char path[PATH_BYTES];
	struct stat found;
	path_of(name, path);
	return lstat(path, &found) == 0;
}

bool netns_is_named(const char *name, int space) {
	char path[PATH_BYTES];
	struct stat named, meant;
	path_of(name, path);
	return stat(path, &named) == 0 && fstat(space, &meant) == 0 && named.st_ino == meant.st_ino &&
		named.st_dev == meant.st_dev;
}

int netns_remove(const char *name) {
	char path[PATH_BYTES];
	path_of(name, path);
	// Not mounted: what a creation that was interrupted leaves.
	if (umount2(path, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
		return -errno;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int netns_here(void) {
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_return(int here) {
	int result = setns(here, CLONE_NEWNET) < 0 ? -errno : 0;
	close(here);
	return result;
}
