/* ipsec rsasigkey: a new RSA key pair in the NSS database. ipsec_rsasigkey(8). */
#include "tools/key_maker.h"
#include "tools/tools.h"

int rsasigkey_main(int argc, char **argv)
{
    return key_maker_main(argc, argv, KEY_RSA, key_maker_set_bits, "KEYBITS");
}
