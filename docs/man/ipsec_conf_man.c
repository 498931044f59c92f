/* Writes ipsec.conf(5) from the keyword table, so that the page says what the parser does. */
#include <inttypes.h>
#include <stdio.h>

#include "config/keyword.h"

/* Every conn here is read and built by tests/unit/tools/test_manual. */
static const char head[] =
    ".TH IPSEC.CONF 5 \"\" \"Styx " STYX_VERSION "\"\n"
    ".SH NAME\n"
    "ipsec.conf \\- connections and settings of pluto\n"
    ".SH DESCRIPTION\n"
    "Sections begin at the left margin; the parameters of a section follow, indented, as\n"
    ".IR keyword = value .\n"
    ".B config setup\nholds what concerns pluto as a whole,\n.BI conn \" NAME\"\none connection;\n"
    ".B conn %default\ngives values to all the connections that follow.\n"
    ".BI also= NAME\ntakes in another section, and\n.BI include \" FILES\"\nother files, wildcards allowed.\n"
    "A # behind a blank or at the start of a line begins a comment. A value with blanks stands in double\n"
    "quotes, a list may stand in braces, both in one line. A keyword said twice in one\n"
    ".B conn\ncounts the first time, in\n.B config setup\nthe last time; what a section says itself comes\n"
    "before what it takes in, and that before\n.BR %default .\n"
    "Keywords that begin with x\\- or x_ are comments.\n"
    ".PP\n"
    "A bad value makes the connections that have to do with it unusable, and no others; an unknown keyword\n"
    "or a line of no known shape makes the file unusable, and so does a fault in\n.BR \"config setup\" .\n"
    "What is written wrong is reported with file, line and column; the nearest valid word is named.\n"
    ".PP\n"
    "Keywords marked\n.I not yet\nare known, but any value except the default is refused. Where it could\n"
    "have no effect\n.RI ( \"public keys and certificates only\"\nin a connection with shared secrets, or "
    "in\n"
    ".BR \"config setup\" )\nit is accepted with a warning.\n"
    ".SH EXAMPLES\n"
    "Two networks, the same file on both gateways, with a pre\\-shared key in\n.BR ipsec.secrets (5):\n"
    ".PP\n.nf\n"
    "conn office\n"
    "    left=192.0.2.1\n"
    "    leftid=@west\n"
    "    leftsubnet=10.1.0.0/24\n"
    "    right=192.0.2.2\n"
    "    rightid=@east\n"
    "    rightsubnet=10.2.0.0/24\n"
    "    authby=secret\n"
    "    auto=start\n"
    ".fi\n.PP\n"
    "A gateway that gives road warriors addresses, and what such a road warrior has:\n"
    ".PP\n.nf\n"
    "conn roads\n"
    "    left=192.0.2.1\n"
    "    leftid=@gateway\n"
    "    leftsubnet=10.1.0.0/24\n"
    "    right=%any\n"
    "    rightaddresspool=10.9.0.1\\-10.9.0.200\n"
    "    authby=secret\n"
    "    auto=add\n"
    "\n"
    "conn road\n"
    "    left=%defaultroute\n"
    "    leftid=@road\n"
    "    leftmodecfgclient=yes\n"
    "    right=192.0.2.1\n"
    "    rightid=@gateway\n"
    "    rightsubnet=10.1.0.0/24\n"
    "    authby=secret\n"
    "    auto=start\n"
    ".fi\n.PP\n"
    ".B ipsec check\nfinds faults before pluto meets them.\n";

static const char *mark(const struct keyword *keyword)
{
    switch (keyword->status) {
    case KEYWORD_ACTS:
        return "";
    case KEYWORD_NOT_YET:
        return keyword->concern == CONCERNS_PUBLIC_KEYS ? " (public keys and certificates only, not yet)"
               : keyword->concern == CONCERNS_NAMES     ? " (not yet, ignored with a warning)"
                                                        : " (not yet)";
    case KEYWORD_OBSOLETE:
        return " (obsolete, ignored with a warning)";
    case KEYWORD_OBSOLETE_IN_IKEV2:
        return " (IKEv1 only; obsolete for IKEv2)";
    case KEYWORD_IKEV1_ONLY:
        return " (IKEv1 only)";
    case KEYWORD_COMMAND_LINE:
        return " (command line of pluto only)";
    }
    return "";
}

/* A leading dot or quote and a backslash mean something to roff. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

/* Bounds that somebody could meet. */
static void print_range(const struct keyword *keyword)
{
    uint64_t days = keyword->maximum / (24 * 3600 * USEC_PER_SEC);
    if (keyword->type == KEYWORD_UINT && keyword->maximum < UINT32_MAX)
        printf(" from %" PRIu64 " to %" PRIu64, keyword->minimum, keyword->maximum);
    else if (keyword->type == KEYWORD_TIME && days > 0 && days < 365)
        printf("; at most %" PRIu64 "d", days);
}

static void print_keyword(const struct keyword *keyword)
{
    printf(".TP\n\\fB");
    if (keyword->is_per_end)
        printf("left%s\\fR, \\fBright%s", keyword->name, keyword->name);
    else
        print_text(keyword->name);
    if (keyword->alias_of != NULL) {
        printf("\\fR\nanother name of \\fB%s\\fR\n", keyword->alias_of);
        return;
    }
    printf("\\fR%s\n\\&", mark(keyword));
    print_text(keyword->help != NULL ? keyword->help : "");
    if (keyword->reason != NULL) {
        printf(".\n\\&So far ");
        print_text(keyword->reason);
    }
    if (keyword->words != NULL) {
        printf(".\nOne of");
        for (const struct keyword_word *word = keyword->words; word->word != NULL; word++)
            printf(" %s%s", word->word, word[1].word != NULL ? "," : "");
    } else if (keyword->values != NULL) {
        printf(".\nValue: ");
        print_text(keyword->values);
        print_range(keyword);
    }
    if (keyword->default_text != NULL && keyword->default_text[0] != '\0')
        printf(".\nDefault: %s", keyword->default_text);
    printf(".\n");
}

static void print_section(const char *title, const struct keyword *keywords, size_t count)
{
    printf(".SH %s\n", title);
    for (size_t i = 0; i < count; i++)
        print_keyword(&keywords[i]);
}

static const char keys[] =
    ".SH PROOF OF IDENTITY\n"
    ".B authby=\nand\n.B leftauth=\ntake one or more of: secret, rsasig (rsa), rsa\\-sha1, rsa\\-sha2, "
    "rsa\\-sha2_256, rsa\\-sha2_384, rsa\\-sha2_512, ecdsa, ecdsa\\-sha2, ecdsa\\-sha2_256, "
    "ecdsa\\-sha2_384, "
    "ecdsa\\-sha2_512, eddsa, null, never. Without either, RSA and ECDSA keys are expected in IKEv2, RSA "
    "keys "
    "in IKEv1, which has secret and rsasig only. An end proves itself by the first of signature, secret and "
    "null that is "
    "allowed and for which there is a key.\n.PP\n"
    "The private key is that with\n.BR leftckaid= ,\nor of the public key of our end, or of one known of our "
    "identity; it is in the NSS database\n.RB ( nssdir= ).\nThe peer's public key is that of its end, or one "
    "that "
    "another connection or\n.B whack \\-\\-keyid\nnames for its identity. RSA keys must have 2048 bits.\n"
    ".B leftrsasigkey=\nis written 0s (base64) or 0x (hexadecimal) and an RFC 3110 key,\n.B leftecdsakey=\na "
    "point,\n.B lefteddsakey=\nthe octets of RFC 8032,\n.B leftpubkey=\na SubjectPublicKeyInfo; "
    "%cert says that the key comes with a certificate, which is not supported yet.\n";

int main(void)
{
    fputs(head, stdout);
    print_section("CONFIG SETUP", setup_keywords, setup_keyword_count);
    print_section("CONN", conn_keywords, conn_keyword_count);
    fputs(keys, stdout);
    puts(".SH FILES\n/etc/ipsec.conf\n.SH SEE ALSO\n.BR ipsec (8),\n.BR ipsec.secrets (5),\n.BR ipsec_auto "
         "(8),\n"
         ".BR ipsec_pluto (8)");
    return 0;
}
