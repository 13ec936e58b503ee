/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ethtool(8) would show of a device: its driver, queues and offloads. */
#ifndef STRAYGATE_ETHTOOL_H
#define STRAYGATE_ETHTOOL_H

#include <linux/ethtool.h>
#include <stdbool.h>

#define DRIVER_NAME_SIZE 32
#define BUS_NAME_SIZE	 32

/* "": the driver does not tell its name. */
void ethtool_driver(const char *device, char out[DRIVER_NAME_SIZE]);
/* Its place on the bus, such as "0000:00:03.0"; "": the driver does not tell. */
void ethtool_bus(const char *device, char out[BUS_NAME_SIZE]);
/* Does the NIC join packets before the driver sees them (large-receive-offload)? */
bool ethtool_lro(const char *device);
/* The same by the newer way (rx-gro-hw): false also if the driver does not know it. */
bool ethtool_hw_gro(const char *device);
/* Queues, and how many there may be. False: the driver does not tell. */
bool ethtool_queues(const char *device, struct ethtool_channels *out);
/* 0: not known. */
unsigned int device_mtu(const char *device);

#endif
