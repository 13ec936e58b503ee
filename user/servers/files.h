/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files as a server sees them, of containers inside of their root. */
#ifndef STRAYGATE_SERVERS_FILES_H
#define STRAYGATE_SERVERS_FILES_H

#include <stddef.h>

#include "servers/process.h"

#define FILE_BYTES	(64 << 20)  /* a larger one is not read */
#define CONTAINER_BYTES (256 << 20) /* all files of a container's server */

/* A regular file, never outside of the server's root, whatever links it has. fd or -errno. */
int server_open(const struct process *p, const char *path);
/* All of it, with a NUL behind; free(). NULL and errno. */
char *server_read(const struct process *p, const char *path, size_t *len);

/* Calls fn with each path that fits an absolute pattern of glob(7), in their order. A
 * pattern without *, ? and [ is a path, be it there or not. */
typedef void server_file_fn(const char *path, void *arg);
void server_glob(const struct process *p, const char *pattern, server_file_fn *fn, void *arg);

/* The folder that the server is in, "/" if that cannot be told. out: PATH_MAX bytes. */
void server_folder(const struct process *p, char *out);
/* path, or it behind the folder if it is relative. out: PATH_MAX bytes. */
void server_path(char *out, const char *folder, const char *path);

#endif
