// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A day in as long as its seconds take: LD_PRELOAD of a daemon whose clock is a timerfd. Its
 * timer is due at once, and each time that it is read a second has passed, on all clocks,
 * until there were DAY_SECONDS of them; then time goes on as everywhere. None is left out,
 * however busy the machine is. How many there were stands in the file DAY_FILE, 8 bytes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Constructors of libraries ask for the time before ours has run. */
static volatile uint64_t none;
static volatile uint64_t *passed = &none;
static uint64_t wanted;
static int timer = -1;

static int real_clock(clockid_t id, struct timespec *t)
{
	return (int)syscall(SYS_clock_gettime, id, t);
}

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("DAY_FILE"), *seconds = getenv("DAY_SECONDS");
	int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	void *at;

	if (fd < 0 || ftruncate(fd, 8))
		abort();
	at = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		abort();
	passed = at;
	*passed = 0;
	wanted = seconds ? strtoull(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int err = real_clock(id, t);

	if (!err && (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME ||
		     id == CLOCK_MONOTONIC_COARSE || id == CLOCK_REALTIME_COARSE))
		t->tv_sec += (time_t)*passed;
	return err;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

/* Both are written to by read() below: the one that is due at once is polled. */
int timerfd_create(clockid_t id, int flags)
{
	(void)id;
	(void)flags;
	timer = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return timer;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *was)
{
	(void)fd;
	(void)flags;
	(void)to;
	(void)was;
	return 0;
}

static void go_on_as_everywhere(void)
{
	struct itimerspec each = {{1, 0}, {1, 0}};
	int fd = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	syscall(SYS_timerfd_settime, fd, 0, &each, NULL);
	dup2(fd, timer);
	close(fd);
	timer = -1;
}

ssize_t read(int fd, void *to, size_t size)
{
	if (fd < 0 || fd != timer)
		return syscall(SYS_read, fd, to, size);
	if (++*passed >= wanted)
		go_on_as_everywhere();
	*(uint64_t *)to = 1;
	return 8;
}
