#include "base/bell.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_fd(struct bell *b)
{
	int there = atomic_load(&b->fd), fd;

	if (there != 0)
		return there - 1;
	if ((fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return -1;
	if (atomic_compare_exchange_strong(&b->fd, &there, fd + 1))
		return fd;
	(void)close(fd); /* another one was quicker */
	return there - 1;
}

void bell_ring(struct bell *b)
{
	const uint64_t one = 1;
	int there = atomic_load(&b->fd);

	if (there != 0 && write(there - 1, &one, sizeof one) != (ssize_t)sizeof one)
		return; /* it rings already */
}

void bell_done(struct bell *b)
{
	int there = atomic_exchange(&b->fd, 0);

	if (there != 0)
		(void)close(there - 1);
}
