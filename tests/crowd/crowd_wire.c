// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sending and receiving.
 *
 * One packet socket, bound to the device. It receives through a TPACKET_V2 ring
 * (V3 would hand over blocks, at best every few milliseconds: too coarse for
 * latencies) and sends with sendmmsg(). It must not see what it sends
 * (PACKET_IGNORE_OUTGOING), nor anybody's traffic but the population's (a
 * classic filter).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sendmmsg() */
#endif
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define TX_BATCH   64
#define TX_QUEUE   1024 /* frames: a power of two */
#define RX_FRAMES  4096
#define RX_FRAME   2048
#define RX_BLOCK   (1 << 20)
#define DRY_FRAMES 4096

struct wire_stats wire_stats;

static int sock = -1;

static uint8_t *rx_ring;
static unsigned int rx_next;

/*
 * What waits for the wire. A veth pair holds 256 packets, half a millisecond of a flood:
 * with each time slice of a server some would be lost that no link with a switch before
 * it, and no NIC with its ring of 512 to 4,096, would lose. So the link has a queue.
 */
static uint8_t tx_frames[TX_QUEUE][FRAME_MAX];
static struct iovec tx_iov[TX_QUEUE];
static struct mmsghdr tx_msgs[TX_QUEUE];
static unsigned int tx_head, tx_tail;

/* --dry: what answer_packet() said, in place of the ring. */
static struct {
	uint16_t len;
	uint8_t bytes[FRAME_MAX];
} * dry_ring;
static unsigned int dry_head, dry_tail;

/* --- sending ---------------------------------------------------------------- */

static unsigned int tx_waiting(void)
{
	return tx_tail - tx_head;
}

static uint8_t *frame_next(void)
{
	if (tx_waiting() && tx_waiting() % TX_BATCH == 0)
		wire_flush();
	if (tx_waiting() == TX_QUEUE) { /* lost, as on any wire; the visitor sends it again */
		wire_stats.tx_lost++;
		tx_tail--;
	}
	if (!tx_waiting())
		tx_head = tx_tail = 0; /* the same few frames, as long as nothing waits */
	return tx_frames[tx_tail % TX_QUEUE];
}

static void frame_commit(struct stream *s, size_t len)
{
	tx_iov[tx_tail++ % TX_QUEUE].iov_len = len;
	s->c.tx_packets++;
	s->c.tx_bytes += len;
}

void wire_send_tcp(struct stream *s, const struct visit *v, uint8_t flags, uint32_t seq, const uint8_t *data,
		   size_t len, uint32_t sum)
{
	frame_commit(s, frame_tcp(frame_next(), s, v, flags, seq, data, len, sum));
}

void wire_send_udp(struct stream *s, const struct visit *v, const uint8_t *data, size_t len)
{
	frame_commit(s, frame_udp(frame_next(), s, v, data, len));
}

static void dry_flush(void)
{
	for (; tx_head != tx_tail; tx_head++) {
		uint8_t *out = dry_ring[dry_head % DRY_FRAMES].bytes;
		size_t len;

		wire_stats.tx_packets++;
		if (dry_head - dry_tail == DRY_FRAMES) {
			wire_stats.ring_drops++;
			continue;
		}
		len = answer_packet(tx_frames[tx_head % TX_QUEUE], tx_iov[tx_head % TX_QUEUE].iov_len, out);
		dry_ring[dry_head % DRY_FRAMES].len = len;
		if (len)
			dry_head++;
	}
}

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* What finds no room stays for the next time. */
void wire_flush(void)
{
	if (dry_ring) {
		dry_flush();
		return;
	}
	while (tx_waiting()) {
		unsigned int first = tx_head % TX_QUEUE;
		int n = sendmmsg(sock, tx_msgs + first, min(TX_BATCH, min(tx_waiting(), TX_QUEUE - first)),
				 0);

		if (n > 0) {
			tx_head += n;
			wire_stats.tx_packets += n;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			wire_stats.tx_lost++;
			tx_head++;
		}
	}
}

/* --- receiving -------------------------------------------------------------- */

static void receive_frame(const uint8_t *f, size_t have, bool check)
{
	struct packet p;
	uint64_t bad = wire_stats.rx_bad;

	wire_stats.rx_packets++;
	if (frame_read(f, have, check, &p) && p.sport == p.stream->port)
		visit_packet(&p);
	else if (bad == wire_stats.rx_bad)
		wire_stats.rx_foreign++;
}

static struct tpacket2_hdr *ring_frame(void)
{
	struct tpacket2_hdr *h = (void *)(rx_ring + (size_t)rx_next * RX_FRAME);

	if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return NULL;
	return h;
}

static void ring_release(struct tpacket2_hdr *h)
{
	__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	rx_next = (rx_next + 1) % RX_FRAMES;
}

unsigned int wire_receive(unsigned int max)
{
	unsigned int n = 0;

	if (dry_ring) {
		for (; n < max && dry_tail != dry_head; n++, dry_tail++)
			receive_frame(dry_ring[dry_tail % DRY_FRAMES].bytes,
				      dry_ring[dry_tail % DRY_FRAMES].len, true);
		return n;
	}
	for (; n < max; n++) {
		struct tpacket2_hdr *h = ring_frame();

		if (!h)
			break;
		/* GRO joins packets and leaves their checksum to the device. */
		receive_frame((uint8_t *)h + h->tp_mac, h->tp_snaplen,
			      !(h->tp_status & TP_STATUS_CSUMNOTREADY));
		ring_release(h);
	}
	return n;
}

/* --answer: one round of being the other side. */
int wire_answer(void)
{
	int n = 0;

	for (; n < 256; n++) {
		struct tpacket2_hdr *h = ring_frame();
		size_t len;

		if (!h)
			break;
		wire_stats.rx_packets++;
		len = answer_packet((uint8_t *)h + h->tp_mac, h->tp_snaplen, frame_next());
		if (len)
			tx_iov[tx_tail++ % TX_QUEUE].iov_len = len;
		ring_release(h);
	}
	wire_flush();
	return n;
}

/* --- opening ---------------------------------------------------------------- */

static void filter_add(struct sock_filter *code, unsigned int *len, uint16_t op, uint32_t k, uint8_t jt,
		       uint8_t jf)
{
	code[(*len)++] = (struct sock_filter)BPF_JUMP(op, k, jt, jf);
}

/* Lets through what goes to the population (--answer: what comes from it). */
static int filter_attach(void)
{
	struct sock_filter code[64];
	struct sock_fprog prog = {.filter = code};
	unsigned int n = 0, at4 = config.answerer ? 26 : 30, at6 = config.answerer ? 22 : 38;

	filter_add(code, &n, BPF_LD | BPF_H | BPF_ABS, 12, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 9);
	filter_add(code, &n, BPF_LD | BPF_W | BPF_ABS, at4, 0, 0);
	filter_add(code, &n, BPF_ALU | BPF_AND | BPF_K, 0xfffe0000, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, 0xc6120000, 5, 0);
	filter_add(code, &n, BPF_LD | BPF_W | BPF_ABS, at4, 0, 0);
	filter_add(code, &n, BPF_ALU | BPF_AND | BPF_K, 0xffff0000, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, 0x0a4d0000, 7, 0); /* the testbed's own */
	filter_add(code, &n, BPF_ALU | BPF_AND | BPF_K, 0xff000000, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, 0x0a000000, 0, 5);
	filter_add(code, &n, BPF_RET | BPF_K, 0xffff, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 3);
	filter_add(code, &n, BPF_LD | BPF_W | BPF_ABS, at6, 0, 0);
	filter_add(code, &n, BPF_JMP | BPF_JEQ | BPF_K, 0x20010db8, 0, 1);
	filter_add(code, &n, BPF_RET | BPF_K, 0xffff, 0, 0);
	filter_add(code, &n, BPF_RET | BPF_K, 0, 0, 0);
	prog.len = n;
	return setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int ring_open(void)
{
	int version = TPACKET_V2;
	struct tpacket_req req = {
		.tp_block_size = RX_BLOCK,
		.tp_block_nr = RX_FRAMES / (RX_BLOCK / RX_FRAME),
		.tp_frame_size = RX_FRAME,
		.tp_frame_nr = RX_FRAMES,
	};

	if (setsockopt(sock, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(sock, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -1;
	rx_ring = mmap(NULL, (size_t)RX_FRAMES * RX_FRAME, PROT_READ | PROT_WRITE, MAP_SHARED, sock, 0);
	return rx_ring == MAP_FAILED ? -1 : 0;
}

/* The victim's MAC: has the kernel ask for it by a datagram to `discard`. */
static int find_mac(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct arpreq req = {.arp_pa.sa_family = AF_INET};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = -1;

	memcpy(&to.sin_addr, config.to4, 4);
	memcpy(&req.arp_pa, &to, sizeof(to));
	snprintf(req.arp_dev, sizeof(req.arp_dev), "%s", config.device);
	for (int i = 0; err && s >= 0 && i < 100; i++) {
		if (sendto(s, "", 0, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != ECONNREFUSED)
			break;
		usleep(10000);
		if (!ioctl(s, SIOCGARP, &req) && req.arp_flags & ATF_COM) {
			memcpy(config.mac, req.arp_ha.sa_data, 6);
			err = 0;
		}
	}
	if (s >= 0)
		close(s);
	return err;
}

static void tx_init(void)
{
	for (unsigned int i = 0; i < TX_QUEUE; i++) {
		tx_iov[i].iov_base = tx_frames[i];
		tx_msgs[i].msg_hdr.msg_iov = &tx_iov[i];
		tx_msgs[i].msg_hdr.msg_iovlen = 1;
	}
}

int wire_open(void)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct ifreq ifr = {0};
	int one = 1, size = 8 << 20;

	tx_init();
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", config.device);
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCGIFHWADDR, &ifr))
		goto fail;
	memcpy(config.our_mac, ifr.ifr_hwaddr.sa_data, 6);
	at.sll_ifindex = if_nametoindex(config.device);
	setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	/* Past the queue it is also past what scripts/asleep looks at. */
	if (!getenv("TB_ASLEEP"))
		setsockopt(sock, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (setsockopt(sock, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) || filter_attach() ||
	    ring_open() || bind(sock, (struct sockaddr *)&at, sizeof(at)))
		goto fail;
	if (!config.have_mac && !config.answerer && find_mac()) {
		fprintf(stderr, "crowd: no MAC for the victim on %s: does it answer ARP? (--mac)\n",
			config.device);
		return -1;
	}
	return 0;
fail:
	fprintf(stderr, "crowd: %s: %s\n", config.device, strerror(errno));
	return -1;
}

int wire_open_dry(void)
{
	tx_init();
	dry_ring = calloc(DRY_FRAMES, sizeof(*dry_ring));
	return dry_ring ? 0 : -1;
}

void wire_close(void)
{
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);

	if (sock < 0)
		return;
	if (!getsockopt(sock, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		wire_stats.ring_drops = stats.tp_drops;
	close(sock);
}
