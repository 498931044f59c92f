/* The program pluto. */
#include "daemon/pluto.h"

int main(int argc, char **argv)
{
    return pluto_main(argc, argv);
}
