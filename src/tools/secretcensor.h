/* Text with its secrets taken out, for reports that are made public. */
#ifndef STYX_TOOLS_SECRETCENSOR_H
#define STYX_TOOLS_SECRETCENSOR_H

#include <stdio.h>

/* ipsec.secrets(5): what stands behind the colon of a record is replaced, whatever its form; so is the rest
 * of a record that goes over several lines. */
void censor_secrets(FILE *in, FILE *out);
/* Any other text: hexadecimal and base64 keys (0x.., 0s.., words of 32 characters and more of one of both)
 * and what stands behind words such as PSK, password, secret. */
void censor_text(FILE *in, FILE *out);

#endif
