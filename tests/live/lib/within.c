// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * within [-n FILE] [-t SECONDS] COMMAND...: in the network namespace that FILE is, and killed
 * (SIGALRM) if it takes longer than that.
 *
 * As `nsenter --net=FILE timeout SECONDS COMMAND`, but there is no process more, and as it is
 * linked statically, next to nothing is to be loaded: the tests do this thousands of times.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void enter(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		fprintf(stderr, "within: %s: %s\n", file, strerror(errno));
		exit(125);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+n:t:")) >= 0) {
		if (option == 'n')
			enter(optarg);
		else if (option == 't')
			alarm((unsigned int)strtoul(optarg, NULL, 10));
		else
			return 125;
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: within [-n FILE] [-t SECONDS] COMMAND...\n");
		return 125;
	}
	execvp(argv[optind], argv + optind);
	fprintf(stderr, "within: %s: %s\n", argv[optind], strerror(errno));
	return 127;
}
