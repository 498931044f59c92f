/* ipsec ecdsasigkey: a new ECDSA key pair in the NSS database. ipsec_ecdsasigkey(8). */
#include "tools/key_maker.h"
#include "tools/tools.h"

int ecdsasigkey_main(int argc, char **argv)
{
    return key_maker_main(argc, argv, KEY_ECDSA, key_maker_set_curve, "CURVE");
}
