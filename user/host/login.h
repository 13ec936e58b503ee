/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who runs this command? */
#ifndef STRAYGATE_LOGIN_H
#define STRAYGATE_LOGIN_H

#include <sys/types.h>

#define LOGIN_UNKNOWN ((uid_t)-1)

/*
 * Whose session this process runs in, also under sudo and su: what the kernel's audit
 * noted when he logged in (pam_loginuid), which nobody can change who has not the
 * privilege for it; else whom SUDO_UID names; else who owns the next of the parents that
 * is not root's. LOGIN_UNKNOWN: none of these, as for cron and units.
 */
uid_t login_uid(void);

/* From /etc/passwd alone; "" if it is not there. Always ended by a NUL. */
void login_name(uid_t uid, char *out, size_t size);

#endif
