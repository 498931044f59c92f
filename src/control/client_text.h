/* A client in the line of its connection, as Libreswan writes it: 10.0.0.0/8, 192.0.2.1/32:UDP/1701,
 * 192.0.2.1/32:GRE/0-65535. */
#ifndef STYX_CONTROL_CLIENT_TEXT_H
#define STYX_CONTROL_CLIENT_TEXT_H

#include "base/address.h"

enum { CLIENT_TEXT_SIZE = SELECTOR_TEXT_SIZE + 16 };

const char *client_text(const struct selector *client, char out[static CLIENT_TEXT_SIZE]);

#endif
