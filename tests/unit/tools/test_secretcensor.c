/* No secret comes through, in whatever form it is written; what is none does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/secretcensor.h"

static char output[8192];

static const char *censored(void (*censor)(FILE *in, FILE *out), const char *text)
{
    FILE *in = fmemopen((char *)text, strlen(text), "r");
    FILE *out = fmemopen(output, sizeof(output), "w");
    censor(in, out);
    fclose(in);
    fclose(out);
    return output;
}

static void every_form_of_a_secret_goes(void **state)
{
    static const char *const files[] = {
        "10.0.0.1 @me : PSK \"hidden words\"\n",
        ": PSK 0xhidden\n",
        "@a:PSK \"hidden\"\n",
        "@a @b :PSK 'hidden'\n",
        "@a\n  @b\n  : PSK \"x\"\n  hidden\n",
        ": RSA {\n# comment hidden\nModulus: 0xhidden\n hidden\n}\n",
        ": RSA\t{\n\thidden: 1\n\t}\n@b : PSK \"hidden\"\n",
        "@u : XAUTH \"hidden\"\n",
        "# : PSK \"hidden\"\n",
        "fe80::1 2001:db8::2 : PPKS \"id\" \"hidden\"\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strstr(censored(censor_secrets, files[i]), "hidden") != NULL)
            fail_msg("of %s came: %s", files[i], output);
}

static void whose_secret_it_is_stays(void **state)
{
    (void)state;
    assert_string_equal(censored(censor_secrets, "10.0.0.1 @me : PSK \"x\"\n"),
                        "10.0.0.1 @me : PSK [removed]\n");
    assert_string_equal(censored(censor_secrets, "include /etc/ipsec.d/*.secrets\n"),
                        "include /etc/ipsec.d/*.secrets\n");
}

static void keys_go_from_any_text(void **state)
{
    static const char *const lines[] = {
        "enc cbc(aes) 0x00112233445566778899aabbccddeeff\n",
        "key 00112233445566778899aabbccddeeff0011\n",
        "| 00 11 22 33 44 55 66 77  88 99 aa bb\n",
        "leftpass PSK \"00112233\"\n",
        "-----BEGIN PRIVATE KEY-----\n00112233\n-----END PRIVATE KEY-----\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (strstr(censored(censor_text, lines[i]), "00112233") != NULL || strstr(output, "00 11 22") != NULL)
            fail_msg("of %s came: %s", lines[i], output);
}

static void ordinary_lines_stay(void **state)
{
    static const char line[] =
        "003 \"net\" #1: established {cipher=AES_GCM_16_128} 10.1.0.0/24 === fe80::1 0xdeadbeef\n";
    (void)state;
    assert_string_equal(censored(censor_text, line), line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_secret_goes),
        cmocka_unit_test(whose_secret_it_is_stays),
        cmocka_unit_test(keys_go_from_any_text),
        cmocka_unit_test(ordinary_lines_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
