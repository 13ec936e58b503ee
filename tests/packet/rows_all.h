/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
#include "rows_parse.h"
#include "rows_source.h"
#include "rows_visit.h"
#include "rows_name.h"
#include "rows_dns.h"
#include "rows_shake.h"
#include "rows_quic.h"
#include "rows_proxy.h"
#include "rows_each.h"
