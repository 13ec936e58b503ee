/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071) of what we write. */
#ifndef STRAYGATE_CHECKSUM_H
#define STRAYGATE_CHECKSUM_H

#include "bpf/bpf.h"
#include "bpf/shared.h"

/* A sum of words, folded to the 16 bits of one's complement arithmetic. */
static __always_inline __u32 fold16(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of the pseudo header (RFC 9293 3.1, RFC 8200 8.1), which is the same in both
 * directions; len is that of transport header and data. IPv4's is that of the
 * mapped addresses, less their prefixes. */
static __always_inline __u64 pseudo_sum(const struct flow_key *f, __u32 ipv6, __u32 protocol, __u32 len)
{
	const __u32 *c = (const __u32 *)f->client, *v = (const __u32 *)f->server;
	__u64 sum = (__u64)bpf_htonl(len) + bpf_htonl(protocol) + c[3] + v[3];

	if (ipv6)
		sum += (__u64)c[0] + c[1] + c[2] + v[0] + v[1] + v[2];
	return sum;
}

#endif
