/* ipsec eddsasigkey: a new EdDSA key pair in the NSS database. ipsec_eddsasigkey(8). */
#include "tools/key_maker.h"
#include "tools/tools.h"

int eddsasigkey_main(int argc, char **argv)
{
    return key_maker_main(argc, argv, KEY_EDDSA, key_maker_set_curve, "CURVE");
}
