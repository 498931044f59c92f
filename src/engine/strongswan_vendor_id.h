/* fake-strongswan=: the vendor id by which peers know strongSwan, the MD5 of its name. */
#ifndef STYX_ENGINE_STRONGSWAN_VENDOR_ID_H
#define STYX_ENGINE_STRONGSWAN_VENDOR_ID_H

#include <stdint.h>

enum { STRONGSWAN_VENDOR_ID_SIZE = 16 };
static const uint8_t strongswan_vendor_id[STRONGSWAN_VENDOR_ID_SIZE] = {
    0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc, 0x22, 0x51, 0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb};

#endif
